package jq

import (
	"slices"
	"strconv"

	"github.com/itchyny/gojq"
)

// maxKept is how many steps, and how many bytes, a run may have spent whose stacks are kept for the
// next one.
const maxKept = 1 << 16

// instance is a program with a meter of its own. One goroutine uses it at a time.
//
// To begin to run a program costs gojq as much as a small program does. So an instance begins once
// and goes on from input to input: its code asks for the next one after it has ended the one
// before. It begins again after a failure.
type instance struct {
	code    *gojq.Code
	meter   *meter
	decoder decoder
	running gojq.Iter // nil: it is to begin

	input     any // of the current run
	variables []any
}

// ended is what an instance yields after the outputs for an input.
type ended struct{}

// repeated is a program that runs for each input, and yields ended after each. Only the variables
// that it uses are bound.
func repeated(query *gojq.Query, variables []string) *gojq.Query {
	used := callsOf(query)
	outputs := &gojq.Query{Term: &gojq.Term{Type: gojq.TermTypeQuery, Query: query}}
	body := &gojq.Query{Op: gojq.OpComma, Left: outputs, Right: call("_ended")}
	for i, name := range slices.Backward(variables) {
		if used[name] {
			number := &gojq.Query{Term: &gojq.Term{Type: gojq.TermTypeNumber, Number: strconv.Itoa(i)}}
			body = &gojq.Query{
				Op: gojq.OpPipe, Left: call("_variable", number), Patterns: []*gojq.Pattern{{Name: name}}, Right: body,
			}
		}
	}
	return pipe(call("_inputs"), body)
}

// newInstance compiles a program that repeated has made.
func newInstance(query *gojq.Query) (*instance, error) {
	m := newMeter()
	i := &instance{meter: m, decoder: decoder{meter: m}}
	options := append(m.functions(),
		gojq.WithIterFunction("_inputs", 0, 0, func(any, []any) gojq.Iter { return inputs{i} }),
		gojq.WithFunction("_variable", 1, 1, func(_ any, args []any) any { return i.variables[args[0].(int)] }),
		gojq.WithFunction("_ended", 0, 0, func(any, []any) any { return ended{} }))
	code, err := gojq.Compile(query, options...)
	i.code = code
	return i, err
}

// inputs are the inputs of an instance, one after the other.
type inputs struct{ *instance }

// Next returns the input of the current run.
func (i inputs) Next() (any, bool) { return i.input, true }

// run calls yield with each output for the current input.
func (i *instance) run(yield func(any) error, failure func(error) error) error {
	running := i.running
	i.running = nil
	if running == nil {
		running = i.code.RunWithContext(i.meter, nil)
	}
	for {
		output, more := running.Next()
		if err := i.meter.Err(); err != nil {
			return err
		}
		switch output := output.(type) {
		case ended:
			if i.meter.hasSpentLess(maxKept) {
				i.running = running
			}
			return nil
		case error:
			return failure(output)
		}
		if !more {
			return nil
		}
		if i.meter.measure(output, 0); i.meter.Err() != nil {
			return i.meter.Err()
		}
		if err := yield(output); err != nil {
			return err
		}
	}
}
