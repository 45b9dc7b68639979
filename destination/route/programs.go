package route

import (
	"fmt"

	"destination-webhook/destination/jq"
)

// programs has the compiled programs of a config by field and text, so that each is compiled once:
// thousands of streams may share one.
type programs map[string]*jq.Program

// compile compiles the program of a field, nil if it is not set.
func (p programs) compile(field, source string, variables ...string) (*jq.Program, error) {
	if source == "" {
		return nil, nil
	}
	name := field + " " + source
	if known := p[name]; known != nil {
		return known, nil
	}
	program, err := jq.Compile(source, variables...)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", field, err) // config.Parse has compiled it before
	}
	p[name] = program
	return program, nil
}
