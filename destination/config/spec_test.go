package config

import (
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/xeipuuv/gojsonschema"
)

func TestSpecMessage(t *testing.T) {
	var message object
	if err := json.Unmarshal(readSpec(t), &message); err != nil {
		t.Fatal(err)
	}
	documentation, err := url.Parse(message.text("documentationUrl"))
	if err != nil || documentation.Scheme != "https" {
		t.Errorf("documentationUrl = %q, want an https URL", message.text("documentationUrl"))
	}
	delete(message, "documentationUrl")
	delete(message, "connectionSpecification")
	want := object{ // no protocol_version: the platform refuses one above its own
		"supportsIncremental":              true,
		"supported_destination_sync_modes": []any{"append", "append_dedup", "overwrite"},
	}
	if diff := cmp.Diff(want, message); diff != "" {
		t.Errorf("spec (-want +got):\n%s", diff)
	}
}

func TestSpecIsDraft7(t *testing.T) {
	root := connectionSpecification(t)
	if got := root.text("$schema"); got != "http://json-schema.org/draft-07/schema#" {
		t.Errorf("$schema = %q", got)
	}
	loader := gojsonschema.NewSchemaLoader()
	loader.Validate = true
	if _, err := loader.Compile(gojsonschema.NewGoLoader(root)); err != nil {
		t.Errorf("the schema is not valid: %v", err)
	}
}

func TestSpecRendersInTheForm(t *testing.T) {
	for _, fault := range dialectFaults("spec", connectionSpecification(t)) {
		t.Error(fault)
	}
}

func TestSpecRequiresURLAlone(t *testing.T) {
	if diff := cmp.Diff([]any{"url"}, connectionSpecification(t).list("required")); diff != "" {
		t.Errorf("required (-want +got):\n%s", diff)
	}
}

func TestSpecGroups(t *testing.T) {
	root := connectionSpecification(t)
	unused := make(map[string]bool)
	for _, group := range root.list("groups") {
		group := object(group.(map[string]any))
		if group.text("title") == "" {
			t.Errorf("group %q has no title", group.text("id"))
		}
		unused[group.text("id")] = true
	}
	known := len(unused)
	properties := root.object("properties")
	for _, name := range properties.names() {
		delete(unused, properties.object(name).text("group"))
		if properties.object(name).text("group") == "" {
			t.Errorf("%s is in no group", name)
		}
	}
	if known == 0 || len(unused) > 0 {
		t.Errorf("%d groups, without a property: %v", known, unused)
	}
}

// The keywords that the form renders or leaves alone, and those that hold a config to something.
// Parse enforces the fields of specNode: a keyword that is not among them would be a rule that
// nothing keeps.
var (
	formKeywords = []string{
		"title", "description", "order", "group", "examples", "airbyte_secret", "always_show", "multiline", "display_type",
	}
	schemaKeywords = []string{
		"type", "const", "oneOf", "properties", "required", "items", "enum", "default", "minimum", "maximum",
		"minItems", "minLength", "pattern", "pattern_descriptor",
	}
	rootKeywords = []string{"$schema", "groups", "additionalProperties"}
)

// maxDescription is what a form shows of a description without hiding what is below it.
const maxDescription = 260

// dialectFaults walks a schema and says where Airbyte's form would not render it well, or at all.
func dialectFaults(path string, node object) (faults []string) {
	fault := func(format string, args ...any) {
		faults = append(faults, path+": "+fmt.Sprintf(format, args...))
	}
	known := slices.Concat(formKeywords, schemaKeywords)
	root := node["$schema"] != nil
	if root {
		known = append(known, rootKeywords...)
	}
	for _, keyword := range node.names() {
		if !slices.Contains(known, keyword) {
			fault("keyword %s is not rendered or not enforced", keyword)
		}
	}
	if root && node["additionalProperties"] != true {
		fault("additionalProperties is not true")
	}
	faults = append(faults, choiceFaults(path, node)...)
	faults = append(faults, textFaults(path, node)...)
	faults = append(faults, numberFaults(path, node)...)
	faults = append(faults, sampleFaults(path, node)...)
	switch node.text("type") {
	case "object":
		faults = append(faults, objectFaults(path, node)...)
	case "array":
		if node.object("items")["oneOf"] != nil {
			fault("a choice inside a list is not resolved")
		}
		faults = append(faults, dialectFaults(path+"[]", node.object("items"))...)
	case "string", "integer", "number", "boolean":
	default:
		fault("type is %v", node["type"])
	}
	return faults
}

func objectFaults(path string, node object) (faults []string) {
	properties := node.object("properties")
	orders := make(map[any]string)
	for _, name := range properties.names() {
		property, inner := properties.object(name), path+"."+name
		if other, taken := orders[property["order"]]; taken || property["order"] == nil {
			faults = append(faults, fmt.Sprintf("%s: order is missing or that of %q", inner, other))
		}
		orders[property["order"]] = name
		if property["const"] != nil {
			continue // names an option and is not shown
		}
		if title := property.text("title"); title == "" {
			faults = append(faults, inner+": no title")
		}
		if text := property.text("description"); !strings.HasSuffix(text, ".") || len(text) > maxDescription {
			faults = append(faults, inner+": description is not one or a few sentences")
		}
		if property["group"] != nil && path != "spec" {
			faults = append(faults, inner+": group below the top level")
		}
		faults = append(faults, dialectFaults(inner, property)...)
	}
	for _, name := range node.list("required") {
		if properties[name.(string)] == nil {
			faults = append(faults, fmt.Sprintf("%s: required %v is no property", path, name))
		}
	}
	return faults
}

// choiceName returns the property by which the options of a choice differ.
func choiceName(node object) string {
	for _, option := range node.list("oneOf") {
		properties := object(option.(map[string]any)).object("properties")
		for _, name := range properties.names() {
			if properties.object(name)["const"] != nil {
				return name
			}
		}
	}
	return "type"
}

// choiceFaults wants of a choice what the form needs to tell its options apart.
func choiceFaults(path string, node object) (faults []string) {
	taken, choiceName := make(map[string]bool), choiceName(node)
	for i, option := range node.list("oneOf") {
		option := object(option.(map[string]any))
		name := option.object("properties").object(choiceName).text("const")
		if name == "" || taken[name] || !slices.Contains(option.list("required"), any(choiceName)) {
			faults = append(faults, fmt.Sprintf("%s: option %d has no required %s of its own", path, i, choiceName))
		}
		taken[name] = true
		if option.text("title") == "" {
			faults = append(faults, fmt.Sprintf("%s: option %d has no title", path, i))
		}
		faults = append(faults, dialectFaults(path+"("+name+")", option)...)
	}
	if len(taken) > 0 && (node.text("type") != "object" || node["properties"] != nil) {
		faults = append(faults, path+": a choice is an object without properties")
	}
	return faults
}

func textFaults(path string, node object) (faults []string) {
	text := node.text("type") == "string"
	if _, err := regexp.Compile(node.text("pattern")); err != nil {
		faults = append(faults, path+": pattern does not compile")
	}
	if (node["pattern"] == nil) != (node["pattern_descriptor"] == nil) {
		faults = append(faults, path+": pattern and pattern_descriptor go together")
	}
	if !text && (node["pattern"] != nil || node["enum"] != nil || node["airbyte_secret"] != nil) {
		faults = append(faults, path+": pattern, enum and airbyte_secret are for texts")
	}
	if node["airbyte_secret"] == true && (node["default"] != nil || node["enum"] != nil) {
		faults = append(faults, path+": a secret has neither default nor enum")
	}
	return faults
}

// numberFaults wants both bounds on every number: without them a value that fits the schema may not
// fit its field, and the message could not say the range.
func numberFaults(path string, node object) []string {
	numeric := node.text("type") == "integer" || node.text("type") == "number"
	minimum, low := node["minimum"].(float64)
	maximum, high := node["maximum"].(float64)
	switch {
	case numeric && (!low || !high || minimum > maximum || maximum > 1<<53):
		return []string{path + ": no sound minimum and maximum"}
	case !numeric && (low || high):
		return []string{path + ": bounds on what is no number"}
	default:
		return nil
	}
}

// sampleFaults holds default and examples against the schema they are part of.
func sampleFaults(path string, node object) (faults []string) {
	samples := node.list("examples")
	if value, ok := node["default"]; ok {
		samples = append(samples, value)
	}
	for _, sample := range samples {
		result, err := gojsonschema.Validate(gojsonschema.NewGoLoader(node), gojsonschema.NewGoLoader(sample))
		if err != nil || !result.Valid() {
			faults = append(faults, fmt.Sprintf("%s: default or example %v does not fit", path, sample))
		}
	}
	return faults
}

func TestDialectFaultsSeesEachFault(t *testing.T) {
	tests := map[string]struct {
		schema string
		want   []string
	}{
		"no fault":    {`{"type":"object","properties":{"a":{"title":"A","description":"Does b.","order":0,"type":"string"}}}`, nil},
		"free map":    {`{"type":"object","patternProperties":{}}`, []string{"spec: keyword patternProperties is not rendered or not enforced"}},
		"ref":         {`{"type":"string","$ref":"#"}`, []string{"spec: keyword $ref is not rendered or not enforced"}},
		"closed root": {`{"$schema":"x","type":"object","additionalProperties":false}`, []string{"spec: additionalProperties is not true"}},
		"no type":     {`{}`, []string{"spec: type is <nil>"}},
		"property": {`{"type":"object","properties":{"a":{"type":"object","properties":{"b":{"type":"boolean","group":"g"}}}},"required":["c"]}`,
			[]string{
				`spec.a: order is missing or that of ""`, "spec.a: no title", "spec.a: description is not one or a few sentences",
				`spec.a.b: order is missing or that of ""`, "spec.a.b: no title", "spec.a.b: description is not one or a few sentences",
				"spec.a.b: group below the top level", "spec: required c is no property",
			}},
		"order twice": {`{"type":"object","properties":{
			"a":{"title":"A","description":"A.","order":1,"type":"string"},"b":{"title":"B","description":"B","order":1,"type":"string"}}}`,
			[]string{`spec.b: order is missing or that of "a"`, "spec.b: description is not one or a few sentences"}},
		"pattern":        {`{"type":"string","pattern":"("}`, []string{"spec: pattern does not compile", "spec: pattern and pattern_descriptor go together"}},
		"enum of number": {`{"type":"boolean","enum":[true]}`, []string{"spec: pattern, enum and airbyte_secret are for texts"}},
		"open number":    {`{"type":"integer","minimum":1}`, []string{"spec: no sound minimum and maximum"}},
		"bounded text":   {`{"type":"string","minimum":1}`, []string{"spec: bounds on what is no number"}},
		"secret default": {`{"type":"string","airbyte_secret":true,"default":"x"}`, []string{"spec: a secret has neither default nor enum"}},
		"default":        {`{"type":"string","enum":["a"],"default":"b"}`, []string{"spec: default or example b does not fit"}},
		"choice": {`{"type":"object","oneOf":[
			{"title":"A","type":"object","required":["type"],"properties":{"type":{"type":"string","const":"a","order":0}}},
			{"title":"A","type":"object","required":["type"],"properties":{"type":{"type":"string","const":"a","order":0}}},
			{"type":"object","properties":{"type":{"type":"string","const":"b","order":0}}}]}`,
			[]string{"spec: option 1 has no required type of its own", "spec: option 2 has no required type of its own", "spec: option 2 has no title"}},
		"choice of texts": {`{"type":"string","oneOf":[{"title":"A","type":"object","required":["type"],"properties":{"type":{"type":"string","const":"a","order":0}}}]}`,
			[]string{"spec: a choice is an object without properties"}},
		"choice in a list": {`{"type":"array","items":{"type":"object","oneOf":[]}}`, []string{"spec: a choice inside a list is not resolved"}},
		"inside a list":    {`{"type":"array","items":{"type":"null"}}`, []string{"spec[]: type is null"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var schema object
			if err := json.Unmarshal([]byte(test.schema), &schema); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, dialectFaults("spec", schema)); diff != "" {
				t.Errorf("faults (-want +got):\n%s", diff)
			}
		})
	}
}
