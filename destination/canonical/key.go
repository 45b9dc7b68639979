package canonical

import (
	"bytes"
	"encoding/json"
	"strconv"
)

// maxPlain is how many digits a number may take without an exponent.
const maxPlain = 64

// IsPlain reports whether appendNumber would leave a JSON number as it is. It is quick, and does
// not recognize all of them: an integer that most programs write in this way.
func IsPlain(number []byte) bool {
	digits := bytes.TrimPrefix(number, []byte("-"))
	if len(digits) == 0 || len(digits) > maxPlain || digits[0] == '0' && len(number) > 1 {
		return false
	}
	for _, b := range digits {
		if b-'0' > 9 {
			return false
		}
	}
	return true
}

// appendNumber appends the one of all the ways to write a JSON number that has no needless zeros,
// and an exponent only if it would be long otherwise. Nothing is rounded.
func appendNumber(dst, number []byte) []byte {
	if IsPlain(number) {
		return append(dst, number...)
	}
	digits, exponent, err := appendDigits(nil, number)
	if err != nil {
		return append(dst, number...)
	}
	if digits[0] == '-' {
		dst, digits = append(dst, '-'), digits[1:]
	}
	return appendDecimal(dst, digits, exponent)
}

func appendDecimal(dst, digits []byte, exponent int64) []byte {
	point := int64(len(digits)) + exponent // where it is among the digits
	switch {
	case point > maxPlain || point < -maxPlain || len(digits) > maxPlain:
		return strconv.AppendInt(append(append(dst, digits...), 'e'), exponent, 10)
	case exponent >= 0:
		return append(append(dst, digits...), bytes.Repeat([]byte("0"), int(exponent))...)
	case point > 0:
		return append(append(append(dst, digits[:point]...), '.'), digits[point:]...)
	}
	return append(append(append(dst, "0."...), bytes.Repeat([]byte("0"), int(-point))...), digits...)
}

// AppendKey appends the one form for all the ways to write a primary key, which is a JSON string or
// an array of strings and nulls. A text that looks like a number, a list or an object is taken for
// one.
func (c *Canonicalizer) AppendKey(dst, key []byte) []byte {
	var fields []json.RawMessage
	if key[0] != '[' || json.Unmarshal(key, &fields) != nil {
		return c.appendText(dst, key)
	}
	for i, field := range fields {
		dst = c.appendText(append(dst, "[,"[min(i, 1)]), field)
	}
	return append(dst, ']')
}

// appendText appends a field of a key.
func (c *Canonicalizer) appendText(dst, field []byte) []byte {
	var text string
	if json.Unmarshal(field, &text) != nil || !json.Valid([]byte(text)) || !IsVariable([]byte(text)) {
		return append(dst, field...)
	}
	return c.AppendKeyField(dst, []byte(text))
}

// IsVariable reports whether there are several ways to write a JSON value, apart from the escapes
// of a text.
func IsVariable(value []byte) bool {
	return value[0] == '-' || value[0]-'0' <= 9 || value[0] == '{' || value[0] == '['
}

// AppendKeyField appends the one form for all the ways to write a value that is variable, as a
// field of a primary key.
func (c *Canonicalizer) AppendKeyField(dst, value []byte) []byte {
	if value[0] != '{' && value[0] != '[' {
		return append(appendNumber(append(dst, '"'), value), '"')
	}
	form, err := c.AppendForm(dst, value)
	if err != nil {
		return append(dst, value...)
	}
	return form
}
