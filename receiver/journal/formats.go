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
	members := make(map[string]json.RawMessage)
	if json.Unmarshal(body, &members) != nil || members["sync_mode"] != nil || len(members) == 0 {
		return envelope{}, err
	}
	if list := wrapped(members); list != nil {
		return rowsOf(list, func(d decoder) ([]json.RawMessage, error) { return d.elements() })
	}
	return envelope{Rows: []Row{looseRow(body)}}, nil
}

// maxWrapperMembers is how many members an object has at most that is taken for a wrapper of rows
// and not for a row that has a list.
const maxWrapperMembers = 4

// wrapped returns the only list of objects in a wrapper, nil if the object looks like a row.
func wrapped(members map[string]json.RawMessage) (list json.RawMessage) {
	if len(members) > maxWrapperMembers || members["id"] != nil {
		return nil
	}
	for _, value := range members {
		var below map[string]json.RawMessage
		found := json.RawMessage(nil)
		switch value := bytes.TrimSpace(value); {
		case isListOfObjects(value):
			found = value
		case json.Unmarshal(value, &below) == nil:
			found = wrappedBelow(below)
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

// wrappedBelow looks for the list in a member of the wrapper.
func wrappedBelow(members map[string]json.RawMessage) json.RawMessage {
	for _, value := range members {
		if value = bytes.TrimSpace(value); isListOfObjects(value) {
			return value
		}
	}
	return nil
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
	known := []string{"data", "operation", "primary_key", "emitted_at", "changes"}
	var members map[string]json.RawMessage
	if json.Unmarshal(value, &members) == nil && members["data"] != nil {
		foreign := false
		for name := range members {
			foreign = foreign || !slices.Contains(known, name)
		}
		if row, err := newDecoder(value).row(); err == nil && !foreign {
			return row
		}
	}
	return Row{Data: bytes.TrimSpace(value)}
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
		row = Row{Data: json.RawMessage(data), Operation: fields["operation"]}
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
