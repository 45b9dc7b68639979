package jsonschema

import (
	"fmt"
	"strings"
)

// Violation is a place of a value that breaks a rule of a schema.
type Violation struct {
	Path     []string // members and indexes
	Kind     string   // gojsonschema's name of the rule, such as "required"
	Property string   // that is missing or not allowed, if Kind is about one

	expected any // the type, if Kind is "invalid_type"
}

// choices are rules that combine schemas. If the value breaks another rule, that is the reason.
var choices = []string{"number_any_of", "number_one_of", "number_all_of", "condition_then", "condition_else"}

// maxPlace bounds what is told of a place, in bytes: members have the names that the source gave
// them.
const maxPlace = 200

// String returns the place and the rule.
func (v Violation) String() string {
	place := "the row"
	if len(v.Path) > 0 {
		place = bounded("/" + strings.Join(v.Path, "/"))
	}
	return place + ": " + v.rule()
}

func (v Violation) rule() string {
	switch v.Kind {
	case "required":
		return fmt.Sprintf("%q is missing", bounded(v.Property))
	case "additional_property_not_allowed":
		return fmt.Sprintf("%q is not allowed", bounded(v.Property))
	case "invalid_type":
		return fmt.Sprintf("expected %v", v.expected)
	}
	if keyword := keywords[v.Kind]; keyword != "" {
		return "does not fit " + keyword
	}
	return "does not fit " + v.Kind
}

func bounded(text string) string {
	if len(text) <= maxPlace {
		return text
	}
	return strings.ToValidUTF8(text[:maxPlace], "") + "…"
}

// keywords are those of JSON Schema by the library's names.
var keywords = map[string]string{
	"number_gte": "minimum", "number_gt": "exclusiveMinimum", "number_lte": "maximum", "number_lt": "exclusiveMaximum",
	"string_gte": "minLength", "string_lte": "maxLength", "array_min_items": "minItems", "array_max_items": "maxItems",
	"array_min_properties": "minProperties", "array_max_properties": "maxProperties", "unique": "uniqueItems",
	"multiple_of": "multipleOf", "contains": "contains", "array_no_additional_items": "additionalItems",
	"invalid_property_pattern": "patternProperties", "invalid_property_name": "propertyNames", "missing_dependency": "dependencies",
	"number_any_of": "anyOf", "number_one_of": "oneOf", "number_all_of": "allOf", "number_not": "not",
	"condition_then": "then", "condition_else": "else",
}
