package config

import (
	"errors"
	"fmt"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/xeipuuv/gojsonschema"
)

// specNode is one schema of the spec, with the keywords that apply to a config; title, order and
// the like are for the form.
type specNode struct {
	Type              string               `json:"type"`
	Properties        map[string]*specNode `json:"properties,omitzero"`
	Required          []string             `json:"required,omitzero"`
	OneOf             []*specNode          `json:"oneOf,omitzero"`
	Items             *specNode            `json:"items,omitzero"`
	Const             string               `json:"const,omitzero"`
	Enum              []string             `json:"enum,omitzero"`
	Default           any                  `json:"default,omitzero"`
	Minimum           *float64             `json:"minimum,omitzero"`
	Maximum           *float64             `json:"maximum,omitzero"`
	MinItems          int                  `json:"minItems,omitzero"`
	MinLength         int                  `json:"minLength,omitzero"`
	Pattern           string               `json:"pattern,omitzero"`
	PatternDescriptor string               `json:"pattern_descriptor,omitzero"`
}

func parseSpec(spec []byte) (*specNode, error) {
	var message struct {
		ConnectionSpecification *specNode `json:"connectionSpecification"`
	}
	if err := json.Unmarshal(spec, &message); err != nil {
		return nil, fmt.Errorf("reading spec.json: %w", err)
	}
	if message.ConnectionSpecification == nil {
		return nil, errors.New("reading spec.json: it has no connectionSpecification")
	}
	return message.ConnectionSpecification, nil
}

// violation is a place of a config that its schema refuses.
type violation struct {
	path []string
	kind string // gojsonschema's name of the keyword, such as "required"
}

// validate checks a tree against the schema. It takes only place and keyword from gojsonschema,
// whose texts and details may contain values.
func (n *specNode) validate(tree map[string]any) (violations []violation, err error) {
	defer func() {
		if recover() != nil { // it panics on some numbers; what it says may hold a value
			err = errors.New("validating the config: the schema validator failed, look for unusual numbers in it")
		}
	}()
	compiled, err := n.compile()
	if err != nil {
		return nil, err
	}
	result, err := compiled.Validate(gojsonschema.NewGoLoader(tree))
	if err != nil {
		return nil, errors.New("validating the config: the schema validator cannot read it")
	}
	for _, problem := range result.Errors() {
		violations = append(violations, newViolation(problem))
	}
	return violations, nil
}

// compile passes the schema to gojsonschema. It would follow a $ref to any file or host; a specNode
// has none.
func (n *specNode) compile() (*gojsonschema.Schema, error) {
	text, err := json.Marshal(n)
	if err != nil {
		return nil, fmt.Errorf("compiling spec.json: %w", err)
	}
	compiled, err := gojsonschema.NewSchema(gojsonschema.NewBytesLoader(text))
	if err != nil {
		return nil, fmt.Errorf("compiling spec.json: %w", err)
	}
	return compiled, nil
}

func newViolation(problem gojsonschema.ResultError) violation {
	path := strings.Split(problem.Field(), ".")
	if problem.Field() == gojsonschema.STRING_CONTEXT_ROOT {
		path = nil
	}
	if name, ok := problem.Details()["property"].(string); ok && problem.Type() == "required" {
		path = append(path, name)
	}
	return violation{path: path, kind: problem.Type()}
}

// at returns the schema of the place that path names, or nil.
func (n *specNode) at(path []string) *specNode {
	for _, name := range path {
		if n == nil {
			return nil
		}
		if n.Type == "array" {
			n = n.Items
			continue
		}
		n = n.Properties[name]
	}
	return n
}
