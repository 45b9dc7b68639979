package jq

import (
	"bytes"
	"encoding/json"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/itchyny/gojq"
)

// oracle is what encoding/json and gojq make of a text, and whether it is valid.
func oracle(input []byte) (string, bool) {
	if !jsontext.Value(input).IsValid(jsontext.AllowDuplicateNames(true)) || !json.Valid(input) {
		return "", false
	}
	d := json.NewDecoder(bytes.NewReader(input))
	d.UseNumber()
	var v any
	if d.Decode(&v) != nil {
		return "", false
	}
	text, err := gojq.Marshal(v)
	return string(jsontextForm(text)), err == nil
}

// jsontextForm writes the texts of a document as jsontext does, whose escapes differ from gojq's.
func jsontextForm(text []byte) []byte {
	v := jsontext.Value(text)
	_ = v.Format(jsontext.CanonicalizeRawFloats(false), jsontext.CanonicalizeRawInts(false), jsontext.PreserveRawStrings(false))
	return v
}
