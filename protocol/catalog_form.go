package protocol

import (
	"bytes"
	"errors"

	"github.com/go-json-experiment/json/jsontext"
)

// checkForm explains a file that is no JSON object: the parser would only say that its first byte
// is wrong.
func checkForm(raw []byte) error {
	switch text := bytes.TrimSpace(raw); {
	case len(text) == 0:
		return errors.New("reading the catalog: the file is empty")
	case isUTF16(text):
		return errors.New("reading the catalog: the file is UTF-16 text: save it as UTF-8")
	case text[0] == '[':
		return errors.New("reading the catalog: it is an array: pass the configured catalog, an object with \"streams\"")
	case text[0] != '{' && !jsontext.Value(text).IsValid():
		return errors.New("reading the catalog: it is not JSON (YAML is not read): pass the configured catalog as a JSON object")
	}
	return nil
}

// isUTF16 reports whether a text begins as one of UTF-16 does: with its byte order mark, or with an
// ASCII character beside a zero byte.
func isUTF16(text []byte) bool {
	return bytes.HasPrefix(text, []byte("\xFF\xFE")) || bytes.HasPrefix(text, []byte("\xFE\xFF")) ||
		len(text) > 1 && (text[0] == 0) != (text[1] == 0)
}
