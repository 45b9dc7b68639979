package answer

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// entry is one element of the list of rejected rows; a member that it does not have is nil.
type entry struct {
	index, primaryKey, reason, retry jsontext.Value
}

// appendVerdicts adds the verdicts of an entry, one for each row that it names.
func appendVerdicts(dst []Verdict, text jsontext.Value, rows *Rows) ([]Verdict, error) {
	e, err := readEntry(text)
	if err != nil {
		return nil, err
	}
	v := Verdict{Reason: string(e.reason)}
	if e.reason.Kind() == '"' {
		// The error is about a lone surrogate, which becomes U+FFFD.
		reason, _ := jsontext.AppendUnquote(nil, e.reason)
		v.Reason = string(reason)
	}
	switch e.retry.Kind() {
	case 't':
		v.Retry = true
	case 'f', invalidKind:
	default:
		return nil, unclear(text, "its retry is neither true nor false")
	}
	places, err := e.places(text, rows)
	for _, place := range places {
		v.Place = place
		dst = append(dst, v)
	}
	return dst, err
}

// invalidKind is the kind of a value that is not there.
const invalidKind = jsontext.Kind(0)

func readEntry(text jsontext.Value) (e entry, err error) {
	if text.Kind() != '{' {
		return e, unclear(text, `an entry of "rejected" is no object`)
	}
	d := jsontext.NewDecoder(bytes.NewReader(text), lenient)
	_, _ = d.ReadToken() // the entry was read before: it has no errors
	for d.PeekKind() == '"' {
		name, _ := d.ReadToken()
		member := e.member(name.String())
		value, _ := d.ReadValue()
		switch {
		case member == nil || value.Kind() == 'n':
		case *member != nil:
			return e, unclear(text, "it names one of its members twice")
		default:
			*member = value.Clone()
		}
	}
	return e, nil
}

func (e *entry) member(name string) *jsontext.Value {
	switch strings.ToLower(name) {
	case "index":
		return &e.index
	case "primary_key":
		return &e.primaryKey
	case "reason":
		return &e.reason
	case "retry":
		return &e.retry
	}
	return nil
}

// places returns the rows that an entry names.
func (e *entry) places(text jsontext.Value, rows *Rows) ([]int, error) {
	if e.index == nil && e.primaryKey == nil {
		return nil, unclear(text, "it names no row, neither by index nor by primary_key")
	}
	if e.index == nil {
		places, known := rows.find(e.primaryKey)
		if !known {
			return nil, unclear(text, "no row of the request has its primary_key")
		}
		return places, nil
	}
	index, err := strconv.Atoi(string(e.index))
	if err != nil || e.index.Kind() != '0' || e.index[0] == '-' {
		return nil, unclear(text, "its index is no whole number from 0")
	}
	if index >= rows.count {
		return nil, unclear(text, "its index is beyond the %d rows of the request", rows.count)
	}
	if e.primaryKey != nil && !rows.named(index, e.primaryKey) {
		return nil, unclear(text, "its index and its primary_key name different rows")
	}
	return []int{index}, nil
}
