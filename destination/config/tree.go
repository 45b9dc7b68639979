package config

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"strconv"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// parseTree decodes a config into maps, lists, strings, bools and float64s, and drops the members
// that are null. It refuses what a schema validator lets pass or panics on: trailing text, a name
// given twice, numbers outside float64.
func parseTree(raw []byte) (map[string]any, error) {
	if len(raw) > MaxSize {
		return nil, unreadable(fmt.Sprintf("expected at most %d MiB", MaxSize>>20))
	}
	raw = bytes.TrimPrefix(raw, []byte("\uFEFF")) // some editors write a byte order mark
	if len(bytes.TrimSpace(raw)) == 0 {
		return nil, unreadable("expected a JSON object, the text is empty")
	}
	var value any
	if err := json.Unmarshal(raw, &value); err != nil {
		return nil, unreadable(cmp.Or(otherFormat(raw), describeJSONError(raw, err)))
	}
	tree, ok := value.(map[string]any)
	if !ok {
		return nil, unreadable("expected a JSON object")
	}
	inlineSchemas(tree, raw)
	if isDeeper(tree, maxDepth) {
		return nil, unreadable(fmt.Sprintf("expected values that are nested at most %d levels deep", maxDepth))
	}
	dropNulls(tree)
	return tree, nil
}

// unreadable is the error of a text that is no config at all.
func unreadable(problem string) error {
	return &Error{Problems: []string{"config: " + problem}, Unreadable: true}
}

// describeJSONError returns where a config is broken and quotes nothing of it: the libraries' own
// texts contain names, characters and numbers of the input.
func describeJSONError(raw []byte, err error) string {
	var syntactic *jsontext.SyntacticError
	var semantic *json.SemanticError
	switch {
	case errors.As(err, &syntactic) && errors.Is(err, jsontext.ErrDuplicateName):
		return "expected each field once, a name is given twice at " + position(raw, syntactic.ByteOffset)
	case errors.As(err, &syntactic):
		return "expected one JSON object in UTF-8, it is broken at " + position(raw, syntactic.ByteOffset)
	case errors.As(err, &semantic):
		return "expected numbers that a 64-bit float can hold, one is too large at " + position(raw, semantic.ByteOffset)
	default:
		return "expected one JSON object in UTF-8"
	}
}

// otherFormat says which other format a text that is not JSON seems to be in, "" if it looks like
// JSON.
func otherFormat(raw []byte) string {
	switch {
	case bytes.HasPrefix(raw, []byte("\xff\xfe")), bytes.HasPrefix(raw, []byte("\xfe\xff")), bytes.IndexByte(raw, 0) >= 0:
		return "expected JSON in UTF-8, this seems to be UTF-16: save the file as UTF-8"
	case yaml.Match(raw):
		return "expected JSON, this seems to be YAML: convert it, for example with yq -o json"
	}
	return ""
}

// yaml matches the beginning of a YAML document: a separator, a comment or a key.
var yaml = regexp.MustCompile(`^\s*(---|#|[A-Za-z_][\w-]*\s*:)`)

// position returns the line and column of a byte offset, both from 1.
func position(raw []byte, offset int64) string {
	before := raw[:min(max(offset, 0), int64(len(raw)))]
	line := bytes.Count(before, []byte("\n")) + 1
	column := len(before) - bytes.LastIndexByte(before, '\n')
	return fmt.Sprintf("line %d, column %d", line, column)
}

// dropNulls removes the members that are null: forms and clients write null for a field that was
// left empty.
func dropNulls(value any) {
	switch value := value.(type) {
	case map[string]any:
		for name, member := range value {
			if member == nil {
				delete(value, name)
			}
			dropNulls(member)
		}
	case []any:
		for _, element := range value {
			dropNulls(element)
		}
	}
}

// blank takes the value at path out of the tree: a member is deleted, an element becomes null, so
// that the elements after it keep their places.
func blank(value any, path []string) {
	switch value := value.(type) {
	case map[string]any:
		if len(path) == 1 {
			delete(value, path[0])
			return
		}
		blank(value[path[0]], path[1:])
	case []any:
		i, err := strconv.Atoi(path[0])
		if err != nil || i >= len(value) {
			return
		}
		if len(path) == 1 {
			value[i] = nil
			return
		}
		blank(value[i], path[1:])
	}
}
