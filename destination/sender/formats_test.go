package sender

import (
	"bytes"
	"encoding/json"
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
	{Format: config.Single},
	{Format: config.Form},
	{Format: config.Form, Row: config.RowFull},
}

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
	rows, err := rowsIn(body, p)
	if err != nil {
		return nil, err
	}
	ids := []int{}
	for _, row := range rows {
		var full struct{ Data struct{ ID int } }
		into := any(&full)
		if !p.FullRows() {
			into = &full.Data
		}
		if err := json.Unmarshal(row, into); err != nil {
			return nil, err
		}
		ids = append(ids, full.Data.ID)
	}
	return ids, nil
}

// rowsIn returns the rows of a body as JSON.
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
		return rowsInForm(body, p)
	default:
		var envelope struct{ Rows []json.RawMessage }
		err = json.Unmarshal(body, &envelope)
		rows = envelope.Rows
	}
	return rows, err
}

// rowsInForm returns the row of a form, as far as its id goes.
func rowsInForm(body []byte, p config.Payload) ([]json.RawMessage, error) {
	values, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, err
	}
	row := `{"id":` + values.Get("id") + `}`
	if p.Row == config.RowFull {
		row = `{"data":` + values.Get("data") + `}`
	}
	return []json.RawMessage{json.RawMessage(row)}, nil
}
