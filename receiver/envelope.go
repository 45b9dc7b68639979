package receiver

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/go-json-experiment/json/jsontext"
)

// Envelope is the body of one request. What include_metadata adds is zero
// without it.
type Envelope struct {
	SyncMode     string
	Stream       string
	Namespace    string
	SyncID       int64
	GenerationID int64
	Rows         []Row
}

// Row is one row of an envelope. The raw members are spans of the body, byte
// for byte as they arrived, nil where absent.
type Row struct {
	Stream     string
	Namespace  string
	Operation  string // added, changed, removed, or "" where the sender does not know
	PrimaryKey json.RawMessage
	Data       json.RawMessage
	EmittedAt  json.RawMessage
	Changes    json.RawMessage
}

var (
	syncModes  = []string{"insert", "upsert", "add", "remove", "mirror"}
	operations = []string{"added", "changed", "removed"}
)

// parseEnvelope reads an envelope in one pass. Members it does not know are
// skipped, the ones it knows are held to their type and their values.
func parseEnvelope(body []byte) (Envelope, error) {
	d := decoder{body, jsontext.NewDecoder(bytes.NewBuffer(body),
		jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))}
	var e Envelope
	err := d.object(func(name string) (err error) {
		switch name {
		case "sync_mode":
			e.SyncMode, err = d.oneOf(name, syncModes)
		case "stream":
			e.Stream, err = d.text(name)
		case "namespace":
			e.Namespace, err = d.text(name)
		case "sync_id":
			e.SyncID, err = d.number(name)
		case "generation_id":
			e.GenerationID, err = d.number(name)
		case "rows":
			e.Rows, err = d.rows()
		default:
			err = d.SkipValue()
		}
		return err
	})
	switch {
	case err != nil:
		return Envelope{}, fmt.Errorf("parsing the envelope: %w", err)
	case e.SyncMode == "":
		return Envelope{}, errors.New("parsing the envelope: sync_mode is missing")
	case e.Rows == nil:
		return Envelope{}, errors.New("parsing the envelope: rows is missing")
	}
	if _, err := d.ReadToken(); err != io.EOF {
		return Envelope{}, errors.New("parsing the envelope: something follows it")
	}
	return e, nil
}

func (d decoder) rows() ([]Row, error) {
	rows := []Row{}
	err := d.array(func() error {
		row, err := d.row()
		if err != nil {
			return fmt.Errorf("row %d: %w", len(rows), err)
		}
		rows = append(rows, row)
		return nil
	})
	return rows, err
}

func (d decoder) row() (Row, error) {
	var row Row
	err := d.object(func(name string) (err error) {
		switch name {
		case "data":
			row.Data, err = d.raw(name, '{')
		case "operation":
			row.Operation, err = d.oneOf(name, operations)
		case "primary_key":
			row.PrimaryKey, err = d.raw(name, '"', '[')
		case "emitted_at":
			row.EmittedAt, err = d.raw(name, '0')
		case "changes":
			row.Changes, err = d.raw(name, '[')
		default:
			err = d.SkipValue()
		}
		return err
	})
	if err == nil && row.Data == nil {
		err = errors.New("data is missing")
	}
	return row, err
}

// decoder reads tokens of a body and cuts raw values out of it.
type decoder struct {
	body []byte
	*jsontext.Decoder
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
		err = fmt.Errorf("%s is %q, expected one of %q", name, text, values)
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
		return 0, fmt.Errorf("%s is %s, expected a whole number", name, raw)
	}
	return n, nil
}

// unexpected names what was expected; of broken JSON the decoder's own error
// says more.
func (d decoder) unexpected(expected string, kind jsontext.Kind) error {
	if kind == 0 {
		if _, err := d.ReadToken(); err != nil {
			return err
		}
	}
	return fmt.Errorf("expected %s, found %s", expected, kind)
}
