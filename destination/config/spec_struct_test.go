package config

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"

	"destination-webhook/destination/redact"
)

// TestSpecMatchesConfig holds spec.json and the Config struct against each other in both
// directions: fields, types and secrets.
func TestSpecMatchesConfig(t *testing.T) {
	for _, difference := range compareType("config", connectionSpecification(t), reflect.TypeFor[Config]()) {
		t.Error(difference)
	}
}

// TestSpecDefaultsReachConfig parses the smallest config and finds each default of the spec in its
// field.
func TestSpecDefaultsReachConfig(t *testing.T) {
	config, err := Parse(readSpec(t), []byte(`{"url":"https://example.com"}`))
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(config)
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	for _, difference := range compareDefaults("config", connectionSpecification(t), got) {
		t.Error(difference)
	}
}

func connectionSpecification(t testing.TB) object {
	t.Helper()
	var message object
	if err := json.Unmarshal(readSpec(t), &message); err != nil {
		t.Fatal(err)
	}
	return message.object("connectionSpecification")
}

// object is a JSON object of the spec, unchanged.
type object map[string]any

func (o object) object(name string) object {
	member, _ := o[name].(map[string]any)
	return member
}

func (o object) text(name string) string {
	text, _ := o[name].(string)
	return text
}

func (o object) list(name string) []any {
	list, _ := o[name].([]any)
	return list
}

// names returns the members' names in a stable order.
func (o object) names() []string {
	names := make([]string, 0, len(o))
	for name := range o {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func compareType(path string, node object, goType reflect.Type) (differences []string) {
	if secret := node["airbyte_secret"] == true; secret != (goType == reflect.TypeFor[redact.Secret]()) {
		differences = append(differences, fmt.Sprintf("%s: airbyte_secret is %t, the field is a %s", path, secret, goType))
	}
	if want := goKinds[node.text("type")]; goType.Kind() != want {
		return append(differences, fmt.Sprintf("%s: %q in the spec, the field is a %s", path, node.text("type"), goType))
	}
	switch goType.Kind() {
	case reflect.Slice:
		return append(differences, compareType(path+"[]", node.object("items"), goType.Elem())...)
	case reflect.Struct:
		return append(differences, compareFields(path, allProperties(node), goType)...)
	default:
		return differences
	}
}

var goKinds = map[string]reflect.Kind{
	"string": reflect.String, "integer": reflect.Int, "number": reflect.Float64,
	"boolean": reflect.Bool, "array": reflect.Slice, "object": reflect.Struct,
}

// allProperties returns the properties of an object, for a choice those of all its options: one
// struct holds whichever was chosen.
func allProperties(node object) object {
	all := make(object)
	maps.Copy(all, node.object("properties"))
	for _, option := range node.list("oneOf") {
		maps.Copy(all, object(option.(map[string]any)).object("properties"))
	}
	return all
}

func compareFields(path string, properties object, goType reflect.Type) (differences []string) {
	fields := make(map[string]reflect.Type)
	for _, field := range reflect.VisibleFields(goType) {
		if !field.Anonymous && field.Tag.Get("json") != "-" { // an embedded struct stands for its fields
			fields[field.Tag.Get("json")] = field.Type
		}
	}
	for _, name := range properties.names() {
		field, ok := fields[name]
		if !ok {
			differences = append(differences, fmt.Sprintf("%s.%s: no field for the property", path, name))
			continue
		}
		delete(fields, name)
		differences = append(differences, compareType(path+"."+name, properties.object(name), field)...)
	}
	for name := range fields {
		differences = append(differences, fmt.Sprintf("%s.%s: no property for the field", path, name))
	}
	return differences
}

func compareDefaults(path string, node object, got any) (differences []string) {
	if want, ok := node["default"]; ok {
		if diff := cmp.Diff(want, got); diff != "" {
			return []string{fmt.Sprintf("%s: default (-spec +config):\n%s", path, diff)}
		}
	}
	members, _ := got.(map[string]any)
	if options := node.list("oneOf"); len(options) > 0 {
		return compareDefaults(path+"(first)", object(options[0].(map[string]any)), got)
	}
	if want, ok := node["const"]; ok && want != got {
		return []string{fmt.Sprintf("%s: %v, want %v", path, got, want)}
	}
	properties := node.object("properties")
	for _, name := range properties.names() {
		differences = append(differences, compareDefaults(path+"."+name, properties.object(name), members[name])...)
	}
	return differences
}

func TestCompareTypeSeesEveryDifference(t *testing.T) {
	property := func(kind string) map[string]any { return map[string]any{"type": kind} }
	secret := map[string]any{"type": "string", "airbyte_secret": true}
	tests := map[string]struct {
		properties object
		goType     reflect.Type
		want       []string
	}{
		"equal": {object{"a": property("string"), "b": secret},
			reflect.TypeFor[struct {
				A string        `json:"a"`
				B redact.Secret `json:"b"`
			}](), nil},
		"property without field": {object{"a": property("string")}, reflect.TypeFor[struct{}](),
			[]string{"config.a: no field for the property"}},
		"field without property": {object{}, reflect.TypeFor[struct {
			A string `json:"a"`
		}](),
			[]string{"config.a: no property for the field"}},
		"another type": {object{"a": property("integer")}, reflect.TypeFor[struct {
			A string `json:"a"`
		}](),
			[]string{`config.a: "integer" in the spec, the field is a string`}},
		"secret in the spec alone": {object{"a": secret}, reflect.TypeFor[struct {
			A string `json:"a"`
		}](),
			[]string{"config.a: airbyte_secret is true, the field is a string"}},
		"secret in the struct alone": {object{"a": property("string")}, reflect.TypeFor[struct {
			A redact.Secret `json:"a"`
		}](),
			[]string{"config.a: airbyte_secret is false, the field is a redact.Secret"}},
		"inside a list": {object{"a": map[string]any{"type": "array", "items": property("string")}}, reflect.TypeFor[struct {
			A []int `json:"a"`
		}](),
			[]string{`config.a[]: "string" in the spec, the field is a int`}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			node := object{"type": "object", "properties": map[string]any(test.properties)}
			if diff := cmp.Diff(test.want, compareType("config", node, test.goType)); diff != "" {
				t.Errorf("differences (-want +got):\n%s", diff)
			}
		})
	}
}
