package config

import (
	"errors"
	"fmt"
	"maps"

	"github.com/go-json-experiment/json"
)

// decode adds the spec's defaults for what the tree leaves out, and makes a Config of it.
func (n *specNode) decode(tree map[string]any) (*Config, error) {
	n.fillDefaults(tree)
	text, err := json.Marshal(tree)
	if err != nil {
		return nil, fmt.Errorf("decoding the config: %w", err)
	}
	config := new(Config)
	if err := json.Unmarshal(text, config); err != nil {
		return nil, errors.New("decoding the config: spec.json and Config differ")
	}
	return config, nil
}

// fillDefaults sets absent members to their defaults. An object that is absent is filled as an
// empty one would be. Members that the schema does not know are removed: a form keeps those of an
// option that is not chosen any more, and they need not fit.
func (n *specNode) fillDefaults(tree map[string]any) {
	maps.DeleteFunc(tree, func(name string, _ any) bool { return n.Properties[name] == nil })
	for name, property := range n.Properties {
		if _, ok := tree[name]; !ok && property.Type == "object" {
			tree[name] = map[string]any{}
		}
		if _, ok := tree[name]; !ok && property.Default != nil {
			tree[name] = property.Default
		}
		if member, ok := tree[name].(map[string]any); ok {
			property.fillDefaults(member)
		}
	}
}

// choiceName returns the property by which the options of a oneOf differ: each gives it a const of
// its own.
func (n *specNode) choiceName() string {
	for name, property := range n.OneOf[0].Properties {
		if property.Const != "" {
			return name
		}
	}
	return ""
}

// resolve returns the schema with each oneOf replaced by the option that the tree chose. Against
// all options at once, a validator would report what is wrong with one that was not meant. A choice
// that the tree leaves out is its first option, as in the form. Nothing under n is changed.
func (n *specNode) resolve(value any) *specNode {
	tree, ok := value.(map[string]any)
	if !ok {
		return n
	}
	resolved := *n
	if len(n.OneOf) > 0 {
		resolved = *n.chosen(tree)
	}
	resolved.Properties = maps.Clone(resolved.Properties)
	for name, property := range resolved.Properties {
		if _, ok := tree[name]; !ok && len(property.OneOf) > 0 {
			tree[name] = property.firstChoice()
		}
		if member, ok := tree[name]; ok {
			resolved.Properties[name] = property.resolve(member)
		}
	}
	return &resolved
}

// chosen returns the option that the tree names. If it names none, chosen returns a schema that no
// such tree fits and that lists the options.
func (n *specNode) chosen(tree map[string]any) *specNode {
	name, choiceName := specNode{Type: "string"}, n.choiceName()
	for _, option := range n.OneOf {
		choice := option.Properties[choiceName].Const
		if choice == tree[choiceName] {
			return option
		}
		name.Enum = append(name.Enum, choice)
	}
	return &specNode{
		Type:       "object",
		Required:   []string{choiceName},
		Properties: map[string]*specNode{choiceName: &name},
	}
}

func (n *specNode) firstChoice() map[string]any {
	name := n.choiceName()
	return map[string]any{name: n.OneOf[0].Properties[name].Const}
}
