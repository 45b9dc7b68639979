package jsonschema

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
)

const (
	// maxDepth bounds the nesting of a schema, its references followed.
	maxDepth = 100
	// maxSchemas bounds how many parts a schema has, each counted as often as it is referred to.
	// The elements of an enum are parts.
	maxSchemas = 10_000
)

// inspector counts what a schema costs. Since a schema may not refer to itself, that has an end,
// and each value within a row is held against no more than maxSchemas parts.
type inspector struct {
	document any
	parts    int
	open     map[string]bool // references that are being followed
	unique   bool
}

// inspect refuses a schema that refers to another document or to itself, or that costs too much. It
// removes the names that would give a part of the schema another base. unique reports whether it
// compares the elements of lists with each other.
func inspect(document any) (unique bool, err error) {
	i := inspector{document: document, open: make(map[string]bool)}
	err = i.schema(document, 0)
	return i.unique, err
}

// schema inspects a part that is a schema, or a list of schemas.
func (i *inspector) schema(value any, depth int) error {
	if err := i.count(1, depth); err != nil {
		return err
	}
	switch value := value.(type) {
	case map[string]any:
		return i.keywords(value, depth)
	case []any:
		for _, element := range value {
			if err := i.schema(element, depth+1); err != nil {
				return err
			}
		}
	case json.Number:
		if !boundedNumber(value) {
			return errors.New("expected a JSON Schema without numbers of hundreds of digits")
		}
	}
	return nil
}

// count counts parts at a depth.
func (i *inspector) count(parts, depth int) error {
	if i.parts += parts; i.parts > maxSchemas || depth > maxDepth {
		return fmt.Errorf("expected a JSON Schema with at most %d parts, nested up to %d times, references followed", maxSchemas, maxDepth)
	}
	return nil
}

func (i *inspector) keywords(schema map[string]any, depth int) error {
	for _, name := range []string{"$id", "id", "$schema"} {
		delete(schema, name)
	}
	for name, value := range schema {
		var err error
		switch name {
		case "$ref":
			err = i.reference(value, depth)
		case "uniqueItems":
			i.unique = true
		case "const":
		case "enum": // the library compares its elements, in which nothing is a keyword, with each other
			elements, _ := value.([]any)
			err = i.count(len(elements), depth)
		case "properties", "patternProperties", "definitions", "dependencies":
			err = i.named(value, depth)
		default:
			err = i.schema(value, depth+1)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// named inspects schemas by the names of members, which are no keywords.
func (i *inspector) named(value any, depth int) error {
	members, _ := value.(map[string]any)
	for _, member := range members {
		if err := i.schema(member, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// reference follows a reference within the document.
func (i *inspector) reference(value any, depth int) error {
	ref, _ := value.(string)
	pointer, inside := strings.CutPrefix(ref, "#/")
	if !inside {
		return errors.New("expected references such as #/definitions/address, no other document is read")
	}
	target, found := i.find(pointer)
	switch {
	case !found:
		return errors.New("expected references to parts that are there, one is not")
	case i.open[ref]:
		return errors.New("expected a JSON Schema that does not refer to itself")
	}
	i.open[ref] = true
	defer delete(i.open, ref)
	return i.schema(target, depth+1)
}

// find returns the part that a JSON pointer names.
func (i *inspector) find(pointer string) (any, bool) {
	part := i.document
	for step := range strings.SplitSeq(pointer, "/") {
		plain, err := url.PathUnescape(step)
		if err != nil {
			return nil, false
		}
		plain = strings.NewReplacer("~1", "/", "~0", "~").Replace(plain)
		switch parent := part.(type) {
		case map[string]any:
			member, found := parent[plain]
			if !found {
				return nil, false
			}
			part = member
		case []any:
			at, err := strconv.Atoi(plain)
			if err != nil || at < 0 || at >= len(parent) {
				return nil, false
			}
			part = parent[at]
		default:
			return nil, false
		}
	}
	return part, true
}
