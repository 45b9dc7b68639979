// Package jsonschema holds JSON against a JSON Schema (draft-07): the config against its
// specification, rows against a schema of the user's. What it says of a value names the place and
// the rule, and never the value.
//
// A schema is foreign text. None of its references is ever read or dialled, and what it costs is
// bounded before it is compiled: see inspect.
package jsonschema

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/xeipuuv/gojsonschema"
)

// Schema is a compiled schema. It is safe for concurrent use.
type Schema struct {
	compiled *gojsonschema.Schema
	unique   bool // it has uniqueItems
}

// Compile compiles a schema. The error says what a user has to change.
func Compile(text []byte) (*Schema, error) { return compile(text, true) }

// CompileOwn compiles a schema of our own, which tests hold against the draft.
func CompileOwn(text []byte) (*Schema, error) { return compile(text, false) }

func compile(text []byte, validate bool) (s *Schema, err error) {
	defer func() {
		if recover() != nil { // the library panics on some schemas
			s, err = nil, errors.New("expected a JSON Schema of draft-07")
		}
	}()
	document, err := decode(text)
	if err != nil {
		return nil, errors.New("expected a JSON Schema, this is not one JSON value")
	}
	unique, err := inspect(document)
	if err != nil {
		return nil, err
	}
	loader := gojsonschema.NewSchemaLoader()
	loader.Draft, loader.AutoDetect, loader.Validate = gojsonschema.Draft7, false, validate
	compiled, err := loader.Compile(offline{gojsonschema.NewRawLoader(document)})
	if err != nil {
		return nil, fmt.Errorf("expected a JSON Schema of draft-07, %s", firstLine(err.Error()))
	}
	return &Schema{compiled, unique}, nil
}

// maxProblem bounds what is told of a schema that does not compile, in bytes.
const maxProblem = 200

func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return strings.ToValidUTF8(line[:min(len(line), maxProblem)], "")
}

func decode(text []byte) (value any, err error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&value); err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows")
	}
	return value, nil
}

// Validate returns where a JSON text does not fit. The error holds nothing of the text.
func (s *Schema) Validate(text []byte) (violations []Violation, err error) {
	defer func() {
		if recover() != nil { // it panics on some numbers; what it says may hold a value
			violations, err = nil, errUnusual
		}
	}()
	value, err := decode(text)
	if err != nil || !s.bounded(value) {
		return nil, errUnusual
	}
	result, err := s.compiled.Validate(gojsonschema.NewRawLoader(value))
	if err != nil {
		return nil, errUnusual
	}
	for _, found := range result.Errors() {
		violations = append(violations, newViolation(found))
	}
	return violations, nil
}

var errUnusual = errors.New("it has a number or a list that is too long to be held against a schema")

func newViolation(found gojsonschema.ResultError) Violation {
	v := Violation{Kind: found.Type(), Path: strings.Split(found.Context().String("\x00"), "\x00")[1:]}
	v.Property, _ = found.Details()["property"].(string)
	v.expected = found.Details()["expected"]
	return v
}

// Check returns why a JSON text does not fit, "" if it does.
func (s *Schema) Check(text []byte) string {
	violations, err := s.Validate(text)
	switch {
	case err != nil:
		return err.Error()
	case len(violations) == 0:
		return ""
	}
	if i := slices.IndexFunc(violations, func(v Violation) bool { return !slices.Contains(choices, v.Kind) }); i >= 0 {
		return violations[i].String()
	}
	return violations[0].String()
}
