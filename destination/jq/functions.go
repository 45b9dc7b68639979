package jq

import (
	"encoding/json"
	"math/big"

	"github.com/itchyny/gojq"
)

// functions are what the prelude measures with. Each returns its input.
func (m *meter) functions() []gojq.CompilerOption {
	return []gojq.CompilerOption{
		m.function("_measure", 0, 3, m.measureAll),
		m.function("_each", 0, 0, func(v any, _ []any) { m.take(entries(v) * entryPrice) }),
		m.function("_product", 1, 1, func(v any, args []any) { m.product(v, args[0]) }),
		m.function("_pair", 2, 2, func(_ any, args []any) { m.pair(args[0], args[1]) }),
		m.function("_search", 3, 3, func(v any, args []any) { m.search(v, args[0], args[1], args[2]) }),
		m.function("_growth", 2, 2, func(v any, args []any) { m.growth(v, args[0], args[1] == true) }),
		m.function("_transposed", 0, 0, func(v any, _ []any) { m.transposed(v) }),
		m.function("_stretched", 1, 1, func(_ any, args []any) { m.take(entries(args[0]) * timePrice) }),
		m.function("_numbers", 0, 0, func(v any, _ []any) { m.numbers(v) }),
	}
}

// function gives a program a function that counts. If the budget is spent it fails, and gojq ends
// for good at its next instruction.
func (m *meter) function(name string, minArity, maxArity int, count func(any, []any)) gojq.CompilerOption {
	return gojq.WithFunction(name, minArity, maxArity, func(v any, args []any) any {
		count(v, args)
		if err := m.Err(); err != nil {
			return err
		}
		return v
	})
}

func (m *meter) measureAll(v any, args []any) {
	if len(args) != 2 { // an operator reads its two sides and not its input
		m.measure(v, 0)
	}
	for _, arg := range args {
		m.measure(arg, 0)
	}
}

// entries is how many parts a value is taken apart into, at most.
func entries(v any) int {
	switch v := v.(type) {
	case string:
		return len(v)
	case []any:
		return len(v)
	case map[string]any:
		return len(v)
	}
	return 1
}

// product measures two sides and takes their product if each element of one may be compared with,
// or copied for, each of the other.
func (m *meter) product(a, b any) {
	x, y := m.measure(a, 0), m.measure(b, 0)
	_, listA := a.([]any)
	_, listB := b.([]any)
	_, objectA := a.(map[string]any)
	switch {
	case listA && !listB: // join
		m.takeProduct(entries(a), y)
	case listB || objectA:
		m.takeProduct(x/nodePrice, y)
	default:
		m.take(entries(a) * entryPrice) // the places of a text in another
	}
}

// pair measures the sides of an operator whose result can be larger than both: a text that is
// repeated or split, a difference of lists.
func (m *meter) pair(a, b any) {
	m.repetition(a, b)
	m.repetition(b, a)
	_, isObject := a.(map[string]any)
	if isObject { // merged
		m.measureAll(nil, []any{a, b})
		return
	}
	m.product(a, b)
}

func (m *meter) repetition(a, b any) {
	text, isText := a.(string)
	if !isText {
		return
	}
	if n, isNumber := gojq.ToFloat64(b); isNumber && n > 0 {
		m.take(int(min(n*float64(len(text)), 1<<40)))
	}
}

// growth takes what an assignment to a path adds to lists that are shorter, and what it copies
// unless the same operator has copied it for another path.
func (m *meter) growth(v, path any, first bool) {
	steps, _ := path.([]any)
	for _, step := range steps {
		if first {
			m.take(entries(v) * nodePrice)
		}
		switch s := step.(type) {
		case string:
			object, _ := v.(map[string]any)
			v = object[s]
		case int, float64, json.Number, *big.Int:
			v = m.grow(v, s)
		default:
			v = nil
		}
	}
}

// grow takes what a list needs to have an index, and returns its element there.
func (m *meter) grow(v, index any) any {
	list, _ := v.([]any)
	i, _ := gojq.ToInt(index)
	switch {
	case i >= len(list):
		m.take((min(i, 1<<32) - len(list)) * nodePrice)
	case i >= 0:
		return list[i]
	case i+len(list) >= 0:
		return list[i+len(list)]
	}
	return nil
}

// transposed takes what a list of lists costs when it is turned: its length times that of its
// longest.
func (m *meter) transposed(v any) {
	rows, _ := v.([]any)
	longest := 0
	for _, row := range rows {
		longest = max(longest, entries(row))
	}
	m.takeProduct(longest, len(rows)*nodePrice)
}

// numbers takes what a text costs that is read as JSON: its parts, and numbers of many digits.
func (m *meter) numbers(v any) {
	text, _ := v.(string)
	m.take(len(text) * entryPrice)
	run := 0
	for i := range len(text) {
		if run++; text[i] < '0' || text[i] > '9' {
			run = 0
		}
		if run > maxDigits {
			m.take(2 * run) // which adds up to the square
		}
	}
}
