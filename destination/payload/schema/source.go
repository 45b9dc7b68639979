package schema

import (
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
)

// sourceSchema returns a source's schema of its records as 2020-12, for the place in the document
// that a reference leads to.
//
// Airbyte's schemas are draft-07, or whatever a source made of it. Keywords that have another form
// in 2020-12 are translated. Malformed keywords and references that lead nowhere are left out: the
// result is less strict then, but it always compiles.
func sourceSchema(raw []byte, place string) any {
	var declared map[string]any
	if json.Unmarshal(raw, &declared) != nil || len(declared) == 0 {
		return object{"type": "object"}
	}
	root := translated(declared, 0)
	relocate(root, root, place)
	return root
}

// Keywords by the form of their values; those of no list hold no schema and are kept as they are.
var (
	subschemaKeywords = []string{
		"additionalProperties", "items", "contains", "not", "if", "then", "else", "propertyNames", "unevaluatedItems", "unevaluatedProperties", "contentSchema",
	}
	mapKeywords    = []string{"properties", "patternProperties", "definitions", "$defs", "dependentSchemas"}
	listKeywords   = []string{"allOf", "anyOf", "oneOf", "prefixItems"}
	numberKeywords = []string{"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"}
	countKeywords  = []string{
		"minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties", "minContains", "maxContains",
	}
	textKeywords = []string{"title", "description", "format", "$comment", "contentEncoding", "contentMediaType"}
	flagKeywords = []string{"uniqueItems", "readOnly", "writeOnly", "deprecated"}
	// leftOut would give a part of the document another base, another dialect, or a meaning that
	// has changed.
	leftOut = []string{
		"$schema", "$id", "id", "$anchor", "$dynamicRef", "$dynamicAnchor", "$recursiveRef", "$recursiveAnchor", "$vocabulary", "dependencies", "dependentRequired",
		"additionalItems",
	}
	simpleTypes = []any{"null", "boolean", "object", "array", "number", "string", "integer"}
)

// maxDepth is how deep schemas and values in a schema may be nested. What is deeper is left out:
// the document is indented, and so grows with the square of its depth.
const maxDepth = 100

// translated returns a schema, which is an object or a boolean, in the form of 2020-12.
func translated(value any, depth int) any {
	old, ok := value.(map[string]any)
	if !ok || depth > maxDepth {
		if allowed, ok := value.(bool); ok {
			return allowed
		}
		return true
	}
	s := object{}
	if ref, ok := old["$ref"].(string); ok { // in draft-07 the keywords beside it do not count
		s["$ref"] = ref
		old = map[string]any{"title": old["title"], "description": old["description"], "definitions": old["definitions"], "$defs": old["$defs"]}
	}
	for keyword, value := range old {
		if value, ok := translatedKeyword(keyword, value, depth+1); ok {
			s[keyword] = value
		}
	}
	translateBounds(s, old)
	if tuple, ok := old["items"].([]any); ok {
		delete(s, "items")
		if list := translatedList(tuple, depth+1); list != nil {
			s["prefixItems"] = list
		}
		if rest, ok := old["additionalItems"]; ok {
			s["items"] = translated(rest, depth+1)
		}
	}
	return s
}

// translatedKeyword returns a keyword's value, unless it has to be left out.
func translatedKeyword(keyword string, value any, depth int) (any, bool) {
	switch {
	case value == nil && keyword != "const" && keyword != "default", slices.Contains(leftOut, keyword), keyword == "$ref":
		return nil, false
	case slices.Contains(subschemaKeywords, keyword):
		return translated(value, depth), true
	case slices.Contains(mapKeywords, keyword):
		return translatedMap(keyword, value, depth)
	case slices.Contains(listKeywords, keyword):
		list, _ := value.([]any)
		schemas := translatedList(list, depth)
		return schemas, schemas != nil
	}
	return value, !nested(value, maxDepth-depth) && wellFormed(keyword, value)
}

func translatedMap(keyword string, value any, depth int) (object, bool) {
	old, ok := value.(map[string]any)
	if !ok {
		return nil, false
	}
	s := object{}
	for name, value := range old {
		if keyword == "patternProperties" && !isPattern(name) {
			continue
		}
		s[name] = translated(value, depth)
	}
	return s, true
}

func translatedList(old []any, depth int) []any {
	var list []any
	for _, value := range old {
		list = append(list, translated(value, depth))
	}
	return list
}

// nested reports whether a value is nested deeper than depth.
func nested(value any, depth int) bool {
	deeper := func(value any) bool { return nested(value, depth-1) }
	switch value := value.(type) {
	case map[string]any:
		return depth <= 0 || slices.ContainsFunc(slices.Collect(maps.Values(value)), deeper)
	case []any:
		return depth <= 0 || slices.ContainsFunc(value, deeper)
	}
	return false
}

// wellFormed reports whether a keyword that has no schema in it is valid.
func wellFormed(keyword string, value any) bool {
	number, isNumber := value.(float64)
	text, isText := value.(string)
	list, isList := value.([]any)
	_, isFlag := value.(bool)
	switch {
	case keyword == "type":
		return slices.Contains(simpleTypes, value) || isList && isSet(list) && !slices.ContainsFunc(list, func(v any) bool { return !slices.Contains(simpleTypes, v) })
	case keyword == "required":
		return isList && (len(list) == 0 || isSet(list) && !slices.ContainsFunc(list, func(v any) bool { _, ok := v.(string); return !ok }))
	case keyword == "enum", keyword == "examples":
		return isList
	case keyword == "pattern":
		return isText && isPattern(text)
	case keyword == "multipleOf":
		return isNumber && number > 0
	case slices.Contains(numberKeywords, keyword):
		return isNumber
	case slices.Contains(countKeywords, keyword):
		return isNumber && number >= 0 && number == float64(int64(number))
	case slices.Contains(textKeywords, keyword):
		return isText
	case slices.Contains(flagKeywords, keyword):
		return isFlag
	}
	return !strings.HasPrefix(keyword, "$")
}

// isSet reports whether a list has members, and each once. It compares texts only, which is all
// that its callers allow.
func isSet(list []any) bool {
	seen := map[string]bool{}
	for _, value := range list {
		text, ok := value.(string)
		if !ok || seen[text] {
			return false
		}
		seen[text] = true
	}
	return len(list) > 0
}

func isPattern(text string) bool {
	_, err := regexp.Compile(text)
	return err == nil
}

// translateBounds turns draft-04's exclusiveMinimum: true beside a minimum into the bound itself.
func translateBounds(s object, old map[string]any) {
	for exclusive, bound := range map[string]string{"exclusiveMinimum": "minimum", "exclusiveMaximum": "maximum"} {
		value, isNumber := old[bound].(float64)
		if old[exclusive] == true && isNumber {
			s[exclusive] = value
			delete(s, bound)
		}
	}
}

// relocate makes every reference in a schema lead to where the document has what it leads to below
// root, and leaves out those that lead nowhere.
func relocate(value, root any, place string) {
	s, ok := value.(object)
	if !ok {
		return
	}
	if ref, ok := s["$ref"].(string); ok {
		if below, local := strings.CutPrefix(ref, "#"); local && leadsToSchema(root, below) {
			s["$ref"] = place + below
		} else {
			delete(s, "$ref")
		}
	}
	for keyword, value := range s {
		switch below := value.(type) {
		case object:
			if slices.Contains(subschemaKeywords, keyword) {
				relocate(below, root, place)
			} else if slices.Contains(mapKeywords, keyword) {
				for _, value := range below {
					relocate(value, root, place)
				}
			}
		case []any:
			if slices.Contains(listKeywords, keyword) {
				for _, value := range below {
					relocate(value, root, place)
				}
			}
		}
	}
}

// leadsToSchema follows a JSON pointer in a URI fragment (RFC 6901).
func leadsToSchema(at any, pointer string) bool {
	for i, token := range strings.Split(pointer, "/") {
		if i == 0 {
			if token != "" { // an anchor
				return false
			}
			continue
		}
		token, err := url.PathUnescape(token)
		if err != nil {
			return false
		}
		token = strings.NewReplacer("~1", "/", "~0", "~").Replace(token)
		switch parent := at.(type) {
		case object:
			at = parent[token]
		case []any:
			n, err := strconv.Atoi(token)
			if err != nil || n < 0 || n >= len(parent) {
				return false
			}
			at = parent[n]
		default: // below what was not translated, such as an unknown keyword
			return false
		}
	}
	_, isObject := at.(object)
	_, isBool := at.(bool)
	return isObject || isBool
}
