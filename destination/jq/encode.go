package jq

import (
	"encoding/json"
	"slices"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/itchyny/gojq"
)

// Append writes a program's output as JSON: the members of an object in the order of their names,
// numbers that were not computed with by their own digits, NaN as null.
func Append(dst []byte, v any) []byte {
	switch v := v.(type) {
	case nil:
		return append(dst, "null"...)
	case bool:
		return strconv.AppendBool(dst, v)
	case int:
		return strconv.AppendInt(dst, int64(v), 10)
	case json.Number:
		return append(dst, v...)
	case string:
		dst, _ = jsontext.AppendQuote(dst, v) // the error is about invalid UTF-8, which becomes U+FFFD
		return dst
	case []any:
		return appendArray(dst, v)
	case map[string]any:
		return appendObject(dst, v)
	}
	text, _ := gojq.Marshal(v) // a float or a large integer
	return append(dst, text...)
}

func appendArray(dst []byte, array []any) []byte {
	dst = append(dst, '[')
	for i, v := range array {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = Append(dst, v)
	}
	return append(dst, ']')
}

func appendObject(dst []byte, object map[string]any) []byte {
	var few [32]string
	dst = append(dst, '{')
	names := few[:0]
	for name := range object {
		names = append(names, name)
	}
	slices.Sort(names)
	for i, name := range names {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst, _ = jsontext.AppendQuote(dst, name)
		dst = Append(append(dst, ':'), object[name])
	}
	return append(dst, '}')
}
