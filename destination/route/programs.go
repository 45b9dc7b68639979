package route

import (
	"fmt"

	"destination-webhook/destination/jq"
	"destination-webhook/destination/jsonschema"
)

// compiled has what the streams of a config share.
type compiled struct {
	programs programs
	schemas  schemas
}

// schemas has the compiled schemas of a config by their texts.
type schemas map[string]*jsonschema.Schema

// compile compiles a payload's schema, nil if there is none.
func (s schemas) compile(text string) (*jsonschema.Schema, error) {
	if text == "" || s[text] != nil {
		return s[text], nil
	}
	schema, err := jsonschema.Compile([]byte(text))
	if err != nil {
		return nil, fmt.Errorf("payload.schema: %w", err) // config.Parse has compiled it before
	}
	s[text] = schema
	return schema, nil
}

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
