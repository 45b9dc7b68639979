package jq

import (
	"sync"

	"github.com/itchyny/gojq"
)

// Program is a compiled program. It is safe for concurrent use.
type Program struct {
	code      sync.Pool // of *instance
	literals  map[string]bool
	variables []string
}

// instance is a program with a meter of its own. One goroutine uses it at a time.
type instance struct {
	code  *gojq.Code
	meter *meter
}

// Compile compiles a program that may use the given variables, each with its dollar sign. An error
// in the program is an *Error.
func Compile(source string, variables ...string) (*Program, error) {
	query, err := parseProgram(source)
	if err != nil {
		return nil, err
	}
	p := &Program{literals: make(map[string]bool), variables: variables}
	if err := p.inspect(source, query); err != nil {
		return nil, err
	}
	guardQuery(query)
	defs, err := needed(query)
	if err != nil {
		return nil, err
	}
	query.FuncDefs = append(defs, query.FuncDefs...)
	first, err := p.instance(query)
	if err != nil {
		return nil, p.located(source, err)
	}
	p.code.Put(first)
	p.code.New = func() any {
		i, _ := p.instance(query) // it compiled before
		return i
	}
	return p, nil
}

func (p *Program) instance(query *gojq.Query) (*instance, error) {
	m := &meter{Context: forever, patterns: make(map[string]*pattern)}
	code, err := gojq.Compile(query, append(m.functions(), gojq.WithVariables(p.variables))...)
	if err != nil {
		return nil, err
	}
	return &instance{code, m}, nil
}

// Run runs the program on a JSON text that is known to be valid, with the values of its variables
// in their order (nil, bool, string or json.Number), and calls yield with each output, to be
// written by Append. The error is an *Error that holds no value of the input, or that of yield.
func (p *Program) Run(input []byte, variables []any, yield func(output any) error) (err error) {
	i := p.code.Get().(*instance)
	defer func() {
		switch {
		case recover() != nil: // gojq panics on what it takes for impossible; i is in an unknown state
			err = &Error{Message: "the program fails on this value"}
		case len(i.meter.patterns) <= maxPatterns:
			p.code.Put(i)
		}
	}()
	i.meter.reset(len(input))
	for iter := i.code.RunWithContext(i.meter, decode(input, i.meter), variables...); ; {
		v, more := iter.Next()
		if err := i.meter.Err(); err != nil {
			return err
		}
		if !more {
			return nil
		}
		if err, failed := v.(error); failed {
			return p.failure(err)
		}
		if i.meter.measure(v, 0); i.meter.Err() != nil {
			return i.meter.Err()
		}
		if err := yield(v); err != nil {
			return err
		}
	}
}
