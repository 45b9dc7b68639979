package config

import (
	"errors"
	"fmt"

	"github.com/go-json-experiment/json"

	"destination-webhook/destination/jsonschema"
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

// validate checks a tree against the schema. It takes only place and keyword of what does not fit.
func (n *specNode) validate(tree map[string]any) (violations []violation, err error) {
	text, err := json.Marshal(n)
	if err != nil {
		return nil, fmt.Errorf("compiling spec.json: %w", err)
	}
	compiled, err := jsonschema.CompileOwn(text)
	if err != nil {
		return nil, fmt.Errorf("compiling spec.json: %w", err)
	}
	value, err := json.Marshal(tree)
	if err != nil {
		return nil, errors.New("validating the config: the schema validator cannot read it")
	}
	found, err := compiled.Validate(value)
	if err != nil {
		return nil, errors.New("validating the config: the schema validator failed, look for unusual numbers in it")
	}
	for _, v := range found {
		if v.Kind == "required" {
			v.Path = append(v.Path, v.Property)
		}
		violations = append(violations, violation{path: v.Path, kind: v.Kind})
	}
	return violations, nil
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
