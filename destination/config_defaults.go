package destination

import (
	"errors"
	"fmt"
	"maps"

	"github.com/go-json-experiment/json"
)

// decode fills the spec's defaults in where the tree says nothing, and makes a
// Config of it.
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

// fillDefaults sets absent members to their defaults. An object that is absent
// is filled as an empty one would be. Members that the schema does not know are
// removed: a form leaves those of an option there that is not chosen any more,
// and they need not fit.
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
