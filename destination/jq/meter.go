package jq

import (
	"context"
	"encoding/json"
	"math/big"
)

// The budgets of one run: a base, and a share for each byte of its input.
const (
	baseSteps    = 200_000
	stepsPerByte = 32
	baseBytes    = 32 << 20
	bytesPerByte = 32
	// maxDepth bounds the nesting of values, as the reader of records does.
	maxDepth = 10_000
	// maxPatterns is how many regular expressions a run may leave in gojq's cache.
	maxPatterns = 100
)

// Prices in bytes.
const (
	nodePrice    = 16   // of a value, whatever it holds
	entryPrice   = 32   // of an element that is iterated over, or that a text is taken apart into
	timePrice    = 512  // of a byte of a format of times, which may name a width of 1024
	matchPrice   = 512  // of a match or a capture, an object of four members
	patternPrice = 1024 // of a byte of a regular expression, which may be an instruction many times
	maxDigits    = 64   // longer numbers cost the square of their length, as arithmetic on them does
)

// meter counts what a run spends, and is its context: gojq calls Done at each instruction.
type meter struct {
	context.Context                     //nolint:containedctx // gojq takes it as one; it never ends
	input           int                 // bytes
	steps, bytes    int                 // left
	spent           string              // the budget that is spent; empty: none
	patterns        map[string]*pattern // the regular expressions that gojq has cached
}

var closed = func() chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}()

func newMeter() *meter { return &meter{Context: forever, patterns: make(map[string]*pattern)} }

func (m *meter) reset(input int) {
	m.input = input
	m.steps, m.bytes, m.spent = baseSteps+stepsPerByte*input, baseBytes+bytesPerByte*input, ""
}

// hasSpentLess reports whether the run has spent less than n steps, and less than n bytes with its
// input.
func (m *meter) hasSpentLess(n int) bool {
	steps, bytes := baseSteps+stepsPerByte*m.input-m.steps, baseBytes+bytesPerByte*m.input-m.bytes
	return steps < n && m.input+bytes < n
}

// Done counts a step. It returns a closed channel once a budget is spent.
func (m *meter) Done() <-chan struct{} {
	if m.steps--; m.steps < 0 && m.spent == "" {
		m.spent = "steps"
	}
	if m.spent != "" {
		return closed
	}
	return nil
}

// Err returns an error once a budget is spent.
func (m *meter) Err() error {
	if m.spent == "" {
		return nil
	}
	return &Error{Message: "the program exceeds its budget of " + m.spent}
}

// take counts bytes and reports whether the budget had them.
func (m *meter) take(bytes int) bool {
	if bytes > m.bytes && m.spent == "" {
		m.spent = "memory"
	}
	if m.spent != "" {
		return false
	}
	m.bytes -= bytes
	return true
}

// takeProduct counts a product of two sizes, which may be too large for an int.
func (m *meter) takeProduct(a, b int) { m.take(min(a, 1<<31) * min(b, 1<<31)) }

// measure counts the size of a value, twice what it holds twice, and returns it. It stops if the
// budget is spent.
func (m *meter) measure(v any, depth int) int {
	if depth > maxDepth {
		m.spent = "depth"
	}
	size := sizeOf(v)
	if !m.take(size) {
		return 0
	}
	switch v := v.(type) {
	case []any:
		for _, element := range v {
			size += m.measure(element, depth+1)
		}
	case map[string]any:
		for name, member := range v {
			m.take(len(name))
			size += len(name) + m.measure(member, depth+1)
		}
	}
	return size
}

// sizeOf is the price of a value without its elements.
func sizeOf(v any) int {
	switch v := v.(type) {
	case string:
		return nodePrice + len(v)
	case json.Number:
		return nodePrice + digits(len(v))
	case *big.Int:
		return nodePrice + digits(v.BitLen()/3)
	}
	return nodePrice
}

func digits(n int) int {
	if n <= maxDigits {
		return 0
	}
	return min(n, 1<<31) * min(n, 1<<31)
}
