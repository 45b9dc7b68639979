package deadletter

import (
	"encoding/hex"
	"errors"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"destination-webhook/destination/payload"
	"destination-webhook/protocol"
)

// Stored is a dead letter as it is read again.
type Stored struct {
	Stream    protocol.StreamDescriptor
	Data      []byte // the record's data, as it came
	EmittedAt []byte // as it came, or the time of the rejection
	Changes   []byte // as they came; nil if the record has none
	Rejection Rejection
}

// Rejection says why a record was rejected.
type Rejection struct {
	Status    int       `json:"status"` // of the answer; 0 if the row was never sent
	Reason    string    `json:"reason"`
	WebhookID string    `json:"webhook_id"`
	Line      int64     `json:"line"` // of the input of its sync; 0: it is not known
	At        time.Time `json:"at"`
	// Before is that of the Record; empty if it is not known.
	Before hexadecimal   `json:"before"`
	Retry  payload.Retry `json:"retry"`
}

// hexadecimal is bytes that are stored as their hexadecimal digits.
type hexadecimal []byte

// UnmarshalText implements encoding.TextUnmarshaler.
func (h *hexadecimal) UnmarshalText(text []byte) (err error) {
	*h, err = hex.DecodeString(string(text))
	return err
}

// errNoRecord is the error of a line that is no dead letter.
var errNoRecord = errors.New("it is no RECORD with data")

// Parse reads a line that Record.Append has written. A RECORD without a rejection, which
// somebody else has put there, has the zero Rejection. Data refers to line.
func Parse(line []byte) (*Stored, error) {
	var message struct {
		Record struct {
			Stream    string         `json:"stream"`
			Namespace string         `json:"namespace"`
			Data      jsontext.Value `json:"data"`
			EmittedAt jsontext.Value `json:"emitted_at"`
			Meta      struct {
				Changes   jsontext.Value `json:"changes"`
				Rejection Rejection      `json:"rejection"`
			} `json:"meta"`
		} `json:"record"`
	}
	if err := json.Unmarshal(line, &message, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)); err != nil {
		return nil, errNoRecord // the library's error may quote the record
	}
	r := &message.Record
	if r.Data.Kind() != '{' {
		return nil, errNoRecord
	}
	return &Stored{
		Stream:    protocol.StreamDescriptor{Name: r.Stream, Namespace: r.Namespace},
		Data:      r.Data,
		EmittedAt: r.EmittedAt,
		Changes:   r.Meta.Changes,
		Rejection: r.Meta.Rejection,
	}, nil
}
