package jsonschema

import (
	"encoding/json"
	"strings"
)

const (
	// maxNumber is how many characters, and what exponent, a number may have: the library computes
	// with all of its digits.
	maxNumber = 400
	// maxUnique is how many elements a list may have if elements are compared with each other.
	maxUnique = 10_000
)

// bounded reports whether the library can deal with a value.
func (s *Schema) bounded(value any) bool {
	switch value := value.(type) {
	case json.Number:
		return boundedNumber(value)
	case map[string]any:
		for _, member := range value {
			if !s.bounded(member) {
				return false
			}
		}
	case []any:
		if s.unique && len(value) > maxUnique {
			return false
		}
		for _, element := range value {
			if !s.bounded(element) {
				return false
			}
		}
	}
	return true
}

func boundedNumber(number json.Number) bool {
	return len(number) <= maxNumber && exponent(string(number)) <= maxNumber
}

// exponent returns the size of a number's exponent, or more than any number may have.
func exponent(number string) int {
	_, digits, found := strings.Cut(strings.ToLower(number), "e")
	digits = strings.TrimLeft(strings.TrimLeft(digits, "+-"), "0")
	if !found || digits == "" {
		return 0
	}
	if len(digits) > 3 {
		return maxNumber + 1
	}
	n := 0
	for _, digit := range digits {
		n = 10*n + int(digit-'0')
	}
	return n
}
