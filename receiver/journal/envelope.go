package journal

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// envelope is the body of one request. What include_metadata adds is zero without it.
type envelope struct {
	SyncMode     string
	Stream       string
	Namespace    string
	SyncID       int64
	GenerationID int64
	Rows         []Row
}

// Row is one row of an envelope. The raw members are spans of the body, byte for byte as they
// arrived, and nil if they are absent.
type Row struct {
	Stream     string
	Namespace  string
	Operation  string // added, changed, removed, or "" if the sender does not know
	PrimaryKey json.RawMessage
	Data       json.RawMessage
	EmittedAt  json.RawMessage
	Changes    json.RawMessage
}

var (
	syncModes  = []string{"insert", "upsert", "add", "remove", "mirror"}
	operations = []string{"added", "changed", "removed"}
)

// parseEnvelope reads an envelope in one pass. It skips members that it does not know, and checks
// the type and the value of those that it knows.
func parseEnvelope(body []byte) (envelope, error) {
	d := newDecoder(body)
	var e envelope
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
		return envelope{}, fmt.Errorf("parsing the envelope: %w", err)
	case e.SyncMode == "":
		return envelope{}, errors.New("parsing the envelope: sync_mode is missing")
	case e.Rows == nil:
		return envelope{}, errors.New("parsing the envelope: rows is missing")
	}
	if _, err := d.ReadToken(); !errors.Is(err, io.EOF) {
		return envelope{}, errors.New("parsing the envelope: something follows it")
	}
	return e, nil
}

// maxRows is the most that a batch of this program has; each takes more memory than its bytes.
const maxRows = 100_000

// errTooManyRows is the problem of an envelope with more rows than a Request may have.
var errTooManyRows = fmt.Errorf("more than %d rows", maxRows)

func (d decoder) rows() ([]Row, error) {
	rows := []Row{}
	err := d.array(func() error {
		if len(rows) == maxRows {
			return errTooManyRows
		}
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
