package sender

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"regexp"

	"destination-webhook/destination/config"
)

// payloads are the forms that a body may have: whatever holds for one of them holds for all.
var payloads = []config.Payload{
	{},
	{Format: config.Array},
	{Format: config.Array, Row: config.RowFull},
	{Format: config.NDJSON},
	{Format: config.NDJSON, Row: config.RowFull},
	{Format: config.Wrapped, Wrapper: `{"n":1.0,"id":"$webhook_id","in":{"rows":"$rows"},"again":["$webhook_id"]}`},
	{Format: config.Wrapped, Wrapper: `{"n":1.0,"in":{"rows":"$rows"}}`, Row: config.RowFull},
	{Format: config.Single},
	{Format: config.Single, Row: config.RowFull},
	{Format: config.Form},
	{Format: config.Form, Row: config.RowFull},
	{Transform: "."},
	{Format: config.Array, Transform: ". + {more: [1]}"},
	{Format: config.NDJSON, Transform: twoOutputs},
	{Format: config.Single, Transform: "."},
	{Format: config.Form, Transform: "."},
}

// twoOutputs makes two lines of a row, as bulk APIs want them.
const twoOutputs = `{of: .id}, .`

// mostRows is how many rows a batch may have.
func mostRows(p config.Payload, most int) int {
	if p.Format.HoldsOneRow() {
		return 1
	}
	return most
}

// idShown is a Webhook-Id in a body.
var idShown = regexp.MustCompile(`msg_[0-9a-f]{32}`)

// idsIn returns the ids of the rows in a body.
func idsIn(body []byte, p config.Payload) ([]int, error) {
	all, err := dataIn(body, p)
	ids := make([]int, len(all))
	for i, data := range all {
		var row struct{ ID int }
		err = errors.Join(err, json.Unmarshal(data, &row))
		ids[i] = row.ID
	}
	return ids, err
}

// dataIn returns the data of the rows in a body.
func dataIn(body []byte, p config.Payload) (all []json.RawMessage, err error) {
	rows, err := rowsIn(body, p)
	if err != nil {
		return nil, err
	}
	for i, row := range rows {
		if p.Transform == twoOutputs && i%2 == 0 {
			if !bytes.HasPrefix(row, []byte(`{"of":`)) {
				return nil, fmt.Errorf("line %d is %s", i, row)
			}
			continue
		}
		if p.FullRows() {
			var full struct{ Data json.RawMessage }
			if err := json.Unmarshal(row, &full); err != nil {
				return nil, err
			}
			row = full.Data
		}
		all = append(all, row)
	}
	return all, nil
}

// rowsIn returns the rows in a body, as they are written.
func rowsIn(body []byte, p config.Payload) (rows []json.RawMessage, err error) {
	switch p.Format {
	case config.Array:
		err = json.Unmarshal(body, &rows)
	case config.NDJSON:
		if !bytes.HasSuffix(body, []byte("\n")) {
			return nil, fmt.Errorf("it does not end with a line feed: %q", body)
		}
		for line := range bytes.Lines(body) {
			rows = append(rows, line)
		}
	case config.Wrapped:
		var wrapped struct {
			N  json.Number
			In struct{ Rows []json.RawMessage }
		}
		if err = json.Unmarshal(body, &wrapped); wrapped.N != "1.0" {
			return nil, fmt.Errorf("the wrapper is %s", body)
		}
		rows = wrapped.In.Rows
	case config.Single:
		rows = append(rows, body)
	case config.Form:
		var row json.RawMessage
		row, err = formRow(string(body))
		rows = append(rows, row)
	default:
		var envelope struct{ Rows []json.RawMessage }
		err = json.Unmarshal(body, &envelope)
		rows = envelope.Rows
	}
	return rows, err
}

// formRow returns form fields as an object.
func formRow(body string) (json.RawMessage, error) {
	values, err := url.ParseQuery(body)
	if err != nil {
		return nil, err
	}
	row := map[string]any{}
	for name, texts := range values {
		row[name] = texts[0]
		if json.Valid([]byte(texts[0])) {
			row[name] = json.RawMessage(texts[0])
		}
	}
	return json.Marshal(row)
}
