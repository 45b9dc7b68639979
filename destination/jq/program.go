package jq

import "sync"

// Program is a compiled program. It is safe for concurrent use.
type Program struct {
	instances sync.Pool // of *instance
	literals  map[string]bool
	variables []string
	members   members
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
	p.members = membersRead(query)
	guardQuery(query)
	defs, err := needed(query)
	if err != nil {
		return nil, err
	}
	query.FuncDefs = append(defs, query.FuncDefs...)
	query = repeated(query, variables)
	first, err := newInstance(query)
	if err != nil {
		return nil, p.located(source, err)
	}
	p.instances.Put(first)
	p.instances.New = func() any {
		i, _ := newInstance(query) // it compiled before
		return i
	}
	return p, nil
}

// Run runs the program on a JSON text that is known to be valid, with the values of its variables
// in their order (nil, bool, string or json.Number), and calls yield with each output, to be
// written by Append. The error is an *Error that holds no value of the input, or that of yield.
func (p *Program) Run(input []byte, variables []any, yield func(output any) error) (err error) {
	i := p.instances.Get().(*instance)
	defer func() {
		switch {
		case recover() != nil: // gojq panics on what it takes for impossible; i is in an unknown state
			err = &Error{Message: "the program fails on this value"}
		case len(i.meter.patterns) <= maxPatterns:
			p.instances.Put(i)
		}
	}()
	i.meter.reset(len(input))
	i.input, i.variables = i.decoder.decode(input, p.members), variables
	return i.run(yield, p.failure)
}
