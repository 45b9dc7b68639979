package deadletter

import (
	"encoding/hex"
	"strconv"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"destination-webhook/destination/payload"
	"destination-webhook/protocol"
)

// Record is a dead letter: an Airbyte RECORD message with the record as it came, and why it was
// rejected in meta.rejection, so that a file of them is the input of its own replay.
type Record struct {
	Stream             protocol.StreamDescriptor
	Data               []byte
	EmittedAt, Changes []byte // as they came; nil if the record has none
	Status             int    // of the answer; 0 if the row was never sent
	Reason             string // without secrets
	WebhookID          string
	// Before is what the endpoint had of the row's key, in the snapshot's terms, so that a replay
	// can tell whether the key was delivered since; empty if there is no snapshot.
	Before []byte
	// Line of the input of its sync; 0: the row is named by its key, or the line is not known.
	Line  int64
	At    time.Time     // of the rejection
	Retry payload.Retry // its ID is "" if later syncs do not try the row again
}

// Append appends the record as one line.
func (r *Record) Append(dst []byte) []byte {
	dst = appendString(append(dst, `{"type":"RECORD","record":{"stream":`...), r.Stream.Name)
	if r.Stream.Namespace != "" {
		dst = appendString(append(dst, `,"namespace":`...), r.Stream.Namespace)
	}
	dst = append(append(dst, `,"data":`...), r.Data...)
	dst = append(dst, `,"emitted_at":`...)
	if r.EmittedAt != nil {
		dst = append(dst, r.EmittedAt...)
	} else {
		dst = strconv.AppendInt(dst, r.At.UnixMilli(), 10) // the protocol asks for one
	}
	dst = append(dst, `,"meta":{`...)
	if r.Changes != nil {
		dst = append(append(append(dst, `"changes":`...), r.Changes...), ',')
	}
	dst = strconv.AppendInt(append(dst, `"rejection":{"status":`...), int64(r.Status), 10)
	dst = appendString(append(dst, `,"reason":`...), r.Reason)
	dst = appendString(append(dst, `,"webhook_id":`...), r.WebhookID)
	dst = appendString(append(dst, `,"at":`...), r.At.UTC().Format(time.RFC3339))
	if r.Line != 0 {
		dst = strconv.AppendInt(append(dst, `,"line":`...), r.Line, 10)
	}
	if len(r.Before) > 0 {
		dst = appendString(append(dst, `,"before":`...), hex.EncodeToString(r.Before))
	}
	if r.Retry.ID != "" {
		dst = appendString(append(dst, `,"retry":{"id":`...), r.Retry.ID)
		dst = append(strconv.AppendInt(append(dst, `,"syncs":`...), int64(r.Retry.Syncs), 10), '}')
	}
	return append(dst, "}}}}\n"...)
}

// appendString appends s as a JSON string. What is not UTF-8 becomes U+FFFD.
func appendString(dst []byte, s string) []byte {
	dst, _ = jsontext.AppendQuote(dst, s) // the error is about invalid UTF-8
	return dst
}
