package journal

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/url"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// parseBody reads the rows of a body in whatever format of the sender it is in: form fields and
// NDJSON by their media type, anything else by what it looks like.
func parseBody(body []byte, contentType string) (envelope, error) {
	mediaType, _, _ := mime.ParseMediaType(contentType)
	switch first := bytes.TrimLeft(body, " \t\r\n"); {
	case mediaType == "application/x-www-form-urlencoded":
		return formRow(body)
	case mediaType == "application/x-ndjson":
		return rowsOf(body, func(d decoder) ([]json.RawMessage, error) { return d.values() })
	case len(first) > 0 && first[0] == '[':
		return rowsOf(body, func(d decoder) ([]json.RawMessage, error) { return d.elements() })
	}
	e, err := parseEnvelope(body)
	if err == nil {
		return e, nil
	}
	o, ok := shapeOf(body)
	if !ok || o.envelope || o.members == 0 {
		return envelope{}, err
	}
	if list := o.wrapped(); list != nil {
		return rowsOf(list, func(d decoder) ([]json.RawMessage, error) { return d.elements() })
	}
	return envelope{Rows: []Row{looseRow(body)}}, nil
}

// maxWrapperMembers is how many members an object has at most that is taken for a wrapper of rows
// and not for a row that has a list.
const maxWrapperMembers = 4

// shape is what an object looks like that may be a wrapper of rows. It keeps no more of it than a
// wrapper has: a sender chooses the number of members.
type shape struct {
	values             []json.RawMessage // of the first maxWrapperMembers
	members            int
	envelope, identity bool // there is a sync_mode, an id
}

// shapeOf reports whether a body is an object and nothing else, and what it looks like.
func shapeOf(body []byte) (o shape, ok bool) {
	d := newDecoder(body)
	err := d.object(func(name string) error {
		value, err := d.element()
		if o.members++; o.members <= maxWrapperMembers {
			o.values = append(o.values, value)
		}
		o.envelope, o.identity = o.envelope || name == "sync_mode", o.identity || name == "id"
		return err
	})
	if err != nil {
		return shape{}, false
	}
	_, err = d.ReadToken()
	return o, errors.Is(err, io.EOF)
}

// wrapped returns the only list of objects in a wrapper, nil if the object looks like a row.
func (o shape) wrapped() (list json.RawMessage) {
	if o.members > maxWrapperMembers || o.identity {
		return nil
	}
	for _, value := range o.values {
		found := value
		if !isListOfObjects(value) {
			found = wrappedBelow(value)
		}
		if found != nil && list != nil {
			return nil
		}
		if found != nil {
			list = found
		}
	}
	return list
}

// wrappedBelow returns the first list of objects in a member of the wrapper.
func wrappedBelow(object json.RawMessage) (list json.RawMessage) {
	d := newDecoder(object)
	_ = d.object(func(string) error { // the value was parsed before, and may be no object
		value, err := d.element()
		if err == nil && isListOfObjects(value) {
			list, err = value, io.EOF
		}
		return err
	})
	return list
}

func isListOfObjects(value []byte) bool {
	return len(value) > 0 && value[0] == '[' && bytes.HasPrefix(bytes.TrimSpace(value[1:]), []byte("{"))
}

// rowsOf makes rows of the values that read finds in a body.
func rowsOf(body []byte, read func(decoder) ([]json.RawMessage, error)) (envelope, error) {
	d := newDecoder(body)
	values, err := read(d)
	if err != nil {
		return envelope{}, fmt.Errorf("parsing the rows: %w", err)
	}
	if _, err := d.ReadToken(); !errors.Is(err, io.EOF) {
		return envelope{}, errors.New("parsing the rows: something follows them")
	}
	e := envelope{Rows: []Row{}}
	for _, value := range values {
		e.Rows = append(e.Rows, looseRow(value))
	}
	return e, nil
}

// looseRow returns a value as a row: as one of an envelope if it has nothing but the members of
// one, else as the data alone.
func looseRow(value json.RawMessage) Row {
	if isFullRow(value) {
		if row, err := newDecoder(value).row(); err == nil {
			return row
		}
	}
	return Row{Data: bytes.TrimSpace(value)}
}

var rowMembers = []string{"data", "operation", "primary_key", "emitted_at", "changes"}

// isFullRow reports whether a value has data, and nothing but the members of a row.
func isFullRow(value json.RawMessage) (full bool) {
	d := newDecoder(value)
	err := d.object(func(name string) error {
		if !slices.Contains(rowMembers, name) {
			return io.EOF
		}
		full = full || name == "data"
		return d.SkipValue()
	})
	return full && err == nil
}

// formRow returns form fields as a row, whose data has a text for each. Members of a full row are
// JSON texts.
func formRow(body []byte) (envelope, error) {
	values, err := url.ParseQuery(string(body))
	if err != nil {
		return envelope{}, errors.New("parsing the form: it is not valid")
	}
	fields := make(map[string]string)
	for name := range values {
		fields[name] = values.Get(name)
	}
	text, err := json.Marshal(fields)
	if err != nil {
		return envelope{}, fmt.Errorf("parsing the form: %w", err)
	}
	row := Row{Data: text}
	if data := strings.TrimSpace(fields["data"]); strings.HasPrefix(data, "{") && json.Valid([]byte(data)) {
		row = Row{Data: json.RawMessage(data)}
		if slices.Contains(operations, fields["operation"]) {
			row.Operation = fields["operation"]
		}
		if key := fields["primary_key"]; key != "" {
			if row.PrimaryKey = json.RawMessage(key); key[0] != '[' {
				row.PrimaryKey, _ = jsontext.AppendQuote(nil, key)
			}
		}
	}
	return envelope{Rows: []Row{row}}, nil
}

// values returns all values to the end of the body.
func (d decoder) values() ([]json.RawMessage, error) {
	var all []json.RawMessage
	for {
		value, err := d.element()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		if all = append(all, value); len(all) > maxRows {
			return nil, errTooManyRows
		}
	}
}

// elements returns the elements of an array.
func (d decoder) elements() ([]json.RawMessage, error) {
	var all []json.RawMessage
	err := d.array(func() error {
		if len(all) == maxRows {
			return errTooManyRows
		}
		value, err := d.element()
		all = append(all, value)
		return err
	})
	return all, err
}

// element returns the span of the next value.
func (d decoder) element() (json.RawMessage, error) {
	value, err := d.ReadValue()
	if err != nil {
		return nil, err
	}
	end := d.InputOffset()
	return json.RawMessage(d.body[end-int64(len(value)) : end : end]), nil
}
