package destination

import (
	"strconv"
	"time"

	"destination-webhook/destination/snapshot"
	"destination-webhook/protocol"
)

// A dead letter is an Airbyte RECORD message with the record as it came, and why it was rejected in meta.rejection, so that
// a file of them is the input of its own replay.

// appendNote adds what a dead letter needs of a record beyond its data.
func appendNote(dst []byte, r *protocol.Record) []byte {
	dst = append(dst, `{"n":0`...)
	dst = appendMember(dst, `,"emitted_at":`, r.EmittedAt)
	dst = appendMember(dst, `,"changes":`, r.Changes)
	return append(dst, '}')
}

var noteFields = protocol.NewLookup([]string{"emitted_at"}, []string{"changes"})

// note is what was noted of a row's record; empty where the row is none of the source.
func (s *shipment) note(row int) []byte {
	note := s.batch.Metadata(row)
	if len(note) > 0 && note[0] == marked {
		_, note = snapshot.ParseVersion(note[1:])
	}
	return note
}

// appendLetter adds the dead letter of a rejected row.
func (s *shipment) appendLetter(dst, noted []byte, r *rejection) []byte {
	note := noteFields.Find(noted, nil)
	dst = append(append(dst, `{"type":"RECORD","record":{"stream":`...), quote(s.route.name)...)
	if s.route.namespace != "" {
		dst = append(append(dst, `,"namespace":`...), quote(s.route.namespace)...)
	}
	dst = append(append(dst, `,"data":`...), rowFields.Find(s.batch.Row(r.row), nil)[0]...)
	if note[0] == nil {
		note[0] = strconv.AppendInt(nil, s.now().UnixMilli(), 10) // the protocol asks for one
	}
	dst = append(append(dst, `,"emitted_at":`...), note[0]...)
	dst = append(dst, `,"meta":{`...)
	if note[1] != nil {
		dst = append(append(append(dst, `"changes":`...), note[1]...), ',')
	}
	dst = strconv.AppendInt(append(dst, `"rejection":{"status":`...), int64(r.status), 10)
	dst = append(append(dst, `,"reason":`...), quote(s.redact(r.reason))...)
	dst = append(append(dst, `,"webhook_id":`...), quote(r.id)...)
	dst = append(append(dst, `,"at":`...), quote(s.now().UTC().Format(time.RFC3339))...)
	return append(dst, "}}}}\n"...)
}
