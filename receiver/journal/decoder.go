package journal

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/go-json-experiment/json/jsontext"
)

// decoder reads tokens of a body and cuts raw values out of it.
type decoder struct {
	body []byte
	*jsontext.Decoder
}

// newDecoder accepts JSON as senders write it: names that come twice and lone surrogates are for
// them to judge.
func newDecoder(body []byte) decoder {
	return decoder{body, jsontext.NewDecoder(bytes.NewBuffer(body),
		jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))}
}

// object calls member for each name; member reads the value.
func (d decoder) object(member func(name string) error) error {
	if kind := d.PeekKind(); kind != '{' {
		return d.unexpected("an object", kind)
	}
	if _, err := d.ReadToken(); err != nil {
		return err
	}
	for d.PeekKind() != '}' {
		name, err := d.ReadToken()
		if err != nil {
			return err
		}
		if err := member(name.String()); err != nil {
			return err
		}
	}
	_, err := d.ReadToken()
	return err
}

// array calls element for each element; element reads it.
func (d decoder) array(element func() error) error {
	if kind := d.PeekKind(); kind != '[' {
		return d.unexpected("an array", kind)
	}
	if _, err := d.ReadToken(); err != nil {
		return err
	}
	for d.PeekKind() != ']' {
		if err := element(); err != nil {
			return err
		}
	}
	_, err := d.ReadToken()
	return err
}

// raw returns the span of the next value, which must be of one of the kinds.
func (d decoder) raw(name string, kinds ...jsontext.Kind) (json.RawMessage, error) {
	if kind := d.PeekKind(); kind != 0 && !slices.Contains(kinds, kind) {
		return nil, d.unexpected(name+" of another kind", kind)
	}
	value, err := d.ReadValue()
	if err != nil {
		return nil, err
	}
	end := d.InputOffset()
	return json.RawMessage(d.body[end-int64(len(value)) : end : end]), nil
}

func (d decoder) text(name string) (string, error) {
	if kind := d.PeekKind(); kind != '"' {
		return "", d.unexpected(name+" as a string", kind)
	}
	token, err := d.ReadToken()
	if err != nil {
		return "", err
	}
	return token.String(), nil
}

func (d decoder) oneOf(name string, values []string) (string, error) {
	text, err := d.text(name)
	if err == nil && !slices.Contains(values, text) {
		err = fmt.Errorf("%s is %q, expected one of %q", name, Short(text, maxQuote), values)
	}
	return text, err
}

func (d decoder) number(name string) (int64, error) {
	raw, err := d.raw(name, '0')
	if err != nil {
		return 0, err
	}
	var n int64
	if err := json.Unmarshal(raw, &n); err != nil {
		return 0, fmt.Errorf("%s is %s, expected a whole number", name, Short(string(raw), maxQuote))
	}
	return n, nil
}

// unexpected names what was expected. For broken JSON the decoder's own error says more.
func (d decoder) unexpected(expected string, kind jsontext.Kind) error {
	if kind == 0 {
		if _, err := d.ReadToken(); err != nil {
			return err
		}
	}
	return fmt.Errorf("expected %s, found %s", expected, kind)
}
