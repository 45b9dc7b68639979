package config

import (
	"cmp"
	"mime"
	"strings"

	"destination-webhook/destination/redact"
)

// Payload is what the body of a request looks like. In Config.Streams an empty field means the
// setting of the Config.
type Payload struct {
	Format      Format  `json:"format"`
	Row         RowForm `json:"row"`
	Wrapper     string  `json:"wrapper"`      // of the format Wrapped, see ParseWrapper
	ContentType string  `json:"content_type"` // empty: that of the format
	Transform   string  `json:"transform"`    // a jq program; empty: the data is sent as it came
	// A JSON Schema of what is sent of a row; empty: anything is.
	Schema string `json:"schema"`
}

// Format is how the rows of a request make its body.
type Format string

// The formats; docs/payload.md has what each looks like.
const (
	Envelope Format = "envelope"
	Array    Format = "array"
	NDJSON   Format = "ndjson"
	Single   Format = "single" // one row in each request
	Wrapped  Format = "wrapped"
	Form     Format = "form" // one row in each request
)

// RowForm is how a row is written in any format but Envelope.
type RowForm string

// The forms of a row.
const (
	RowData RowForm = "data" // its data alone
	RowFull RowForm = "full" // as in an envelope
)

// HoldsOneRow reports whether a body can hold no more than one row.
func (f Format) HoldsOneRow() bool { return f == Single || f == Form }

// FullRows reports whether rows show their operation and their key. The zero Payload is an
// envelope.
func (p Payload) FullRows() bool {
	return p.Format == Envelope || p.Format == "" || p.Row == RowFull
}

// MediaType returns the Content-Type of the bodies.
func (p Payload) MediaType() string {
	types := map[Format]string{NDJSON: "application/x-ndjson", Form: "application/x-www-form-urlencoded"}
	return cmp.Or(p.ContentType, types[p.Format], "application/json")
}

// HidesRemovals reports whether a mode sends rows that left among others, and nothing shows which
// they are.
func (p Payload) HidesRemovals(mode SyncMode) bool {
	return mode == Mirror && !p.FullRows() && !strings.Contains(p.Transform, "$operation")
}

// unrouted returns a sync mode, unless removed rows have a route of their own, which shows what
// they are.
func unrouted(mode SyncMode, o Operations) SyncMode {
	if o.Removed != (OperationRoute{}) {
		return Auto
	}
	return mode
}

// TransformVariables are what a transform knows of a row besides its data.
var TransformVariables = []string{"$operation", "$primary_key", "$emitted_at", "$stream", "$namespace", "$sync_mode"}

// or returns the payload with what it leaves empty taken from another one. If the formats differ,
// the settings that belong to a format are not inherited.
func (p Payload) or(other Payload) Payload {
	if p.Format != "" && p.Format != other.Format {
		other.Wrapper, other.ContentType, other.Row = "", "", ""
	}
	p.Format = cmp.Or(p.Format, other.Format)
	p.Row = cmp.Or(p.Row, other.Row)
	p.Wrapper = cmp.Or(p.Wrapper, other.Wrapper)
	p.ContentType = cmp.Or(p.ContentType, other.ContentType)
	p.Transform = cmp.Or(p.Transform, other.Transform)
	p.Schema = cmp.Or(p.Schema, other.Schema)
	return p
}

// check adds the problems of a payload whose field is named; whole is the payload with what it
// inherits, and mode the sync mode beside it.
func (p Payload) check(problems *problemList, field string, whole Payload, mode SyncMode) {
	if _, _, err := mime.ParseMediaType(p.ContentType); p.ContentType != "" && err != nil {
		problems.add(field+".content_type", "expected a media type such as application/json")
	}
	checkHeaderValue(problems, field+".content_type", redact.Secret(p.ContentType))
	if p.Wrapper != "" || whole.Format == Wrapped && whole.Wrapper == "" {
		if _, err := ParseWrapper(p.Wrapper); err != nil {
			problems.add(field+".wrapper", err.Error())
		}
	}
	checkProgram(problems, field+".transform", p.Transform, TransformVariables...)
	checkSchema(problems, field+".schema", p.Schema)
	switch {
	case whole.HidesRemovals(mode):
		problems.add(field+".row", "expected full in sync mode mirror, operations.removed, or a transform that reads $operation, else nothing shows which rows are removed")
	case p.Row != "" && whole.Format == Envelope:
		problems.add(field+".row", "expected no row form, the rows of an envelope are always full")
	case p.Wrapper != "" && whole.Format != Wrapped:
		problems.add(field+".wrapper", "expected no wrapper unless the format is wrapped")
	}
}
