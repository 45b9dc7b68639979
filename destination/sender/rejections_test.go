package sender

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"destination-webhook/batching"
	"destination-webhook/destination/payload"
	"destination-webhook/protocol"
)

func TestRejectedRowEndsTheSyncByDefault(t *testing.T) {
	e := &endpoint{answer: refusing(map[int]bool{5: true})}
	s, b := senderOf(t, 8, itself, e, nil)
	err := s.Send(t.Context(), b).Err
	if err == nil || typeOf(err) != protocol.ConfigError {
		t.Fatalf("got %v, want a config error", err)
	}
	for _, part := range []string{"stream users", "primary key 5", "(422)", "bad row", "dead_letter"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q is not in: %v", part, err)
		}
	}
}

// Of many rows that one answer rejects, the first ones are named.
func TestRejectedRowsAreNamedUpToABound(t *testing.T) {
	e := &endpoint{answer: func(ids []int, _ int) (int, string) {
		var rejected []string
		for place := range ids {
			rejected = append(rejected, fmt.Sprintf(`{"index":%d,"reason":"too old"}`, place))
		}
		return 200, `{"rejected":[` + strings.Join(rejected, ",") + "]}"
	}}
	s, b := senderOf(t, maxNamed+3, itself, e, nil)
	want := "stream users: 13 rows were refused, with primary keys 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 3 more, and on_rejected_rows is fail: "
	if err := s.Send(t.Context(), b).Err; err == nil || !strings.HasPrefix(err.Error(), want) || !strings.Contains(err.Error(), "too old") {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestEndpointThatRefusesEverythingStopsTheSync(t *testing.T) {
	e := &endpoint{answer: func([]int, int) (int, string) { return 400, "no" }}
	box := &letterBox{}
	s, b := senderOf(t, 1000, itself, e, box)
	err := s.Send(t.Context(), b).Err
	if err == nil || typeOf(err) != protocol.ConfigError || !strings.Contains(err.Error(), "each of 40 single rows") {
		t.Fatalf("got %v, want a config error that speaks of 40 rows", err)
	}
	if len(box.lines) >= maxRejectsWithoutSuccess {
		t.Errorf("%d rows ended as dead letters", len(box.lines))
	}
}

func TestDeadLetterIsAnAirbyteRecord(t *testing.T) {
	box := &letterBox{}
	s, b := senderOf(t, 2, itself, &endpoint{answer: refusing(map[int]bool{1: true})}, box)
	if out := s.Send(t.Context(), b); out.Err != nil {
		t.Fatal(out.Err)
	}
	var d protocol.Decoder
	d.Reset([]byte(box.lines[0] + "\n"))
	var m protocol.Message
	if err := d.Next(&m); err != nil || m.Type != protocol.TypeRecord {
		t.Fatalf("the letter is not read as a RECORD: %v", err)
	}
	if string(m.Record.Data) != `{"id":1,"key":1}` || string(m.Record.Stream) != "users" || string(m.Record.EmittedAt) != "17" {
		t.Errorf("got %s of %s at %s", m.Record.Data, m.Record.Stream, m.Record.EmittedAt)
	}
	r := rejectionOf(t, box.lines[0])
	if r.Status != 422 || !strings.Contains(r.Reason, "bad row") || !strings.HasPrefix(r.WebhookID, "msg_") || r.At.Unix() != 1700000000 {
		t.Errorf("got rejection %+v", r)
	}
}

// storedRejection is what a dead letter says of the refusal.
type storedRejection struct {
	Status    int
	Reason    string
	WebhookID string `json:"webhook_id"`
	At        time.Time
}

func rejectionOf(t *testing.T, line string) storedRejection {
	t.Helper()
	var letter struct {
		Record struct {
			Meta struct{ Rejection storedRejection }
		}
	}
	if err := json.Unmarshal([]byte(line), &letter); err != nil {
		t.Fatal(err)
	}
	return letter.Record.Meta.Rejection
}

// A row counts as settled only once its letter is stored.
func TestFailedDeadLetterIsNoSettledRow(t *testing.T) {
	full := errors.New("no space left on device")
	s, b := senderOf(t, 4, itself, &endpoint{answer: refusing(map[int]bool{1: true})}, &letterBox{err: full})
	if out := s.Send(t.Context(), b); !errors.Is(out.Err, full) || out.Rejected != nil {
		t.Errorf("got %+v, want the store's error and nothing settled", out)
	}
}

// A key is whatever the source made it: neither its size nor what it could do to a terminal reaches
// a message.
func TestKeyInAMessageIsShortAndVisible(t *testing.T) {
	e := &endpoint{answer: refusing(map[int]bool{0: true})}
	s, _ := senderOf(t, 1, itself, e, nil)
	s.options.Redact = func(text string) string { return strings.ReplaceAll(text, "hunter2", "[redacted]") }
	row, err := payload.NewEncoder(s.route, payload.Options{}).Encode(&protocol.Record{Data: []byte(`{"id":0,"key":"a` + "\u202eb\u009bc hunter2 " + strings.Repeat("x", 3<<20) + `"}`)})
	if err != nil {
		t.Fatal(err)
	}
	p := batching.New(t.Context(), batching.Options{MaxRows: 9, MaxBytes: 1 << 30, MaxBuffered: 1 << 30, MaxAge: time.Hour, MaxInFlight: 1}, s.Send, nil)
	p.Add(p.Stream(payload.Frame(s.route, false), true), row, time.Time{})
	p.Flush()
	p.Settle(<-p.Results())
	p.Close()
	text := fmt.Sprint(p.Err())
	if !strings.Contains(text, `with primary key a\u202eb\u009bc [redacted] xxx`) || len(text) > 1000 {
		t.Errorf("got %d bytes: %.300s", len(text), text)
	}
}

// A row without a key never reaches the endpoint if the mode needs one; it is a dead letter in
// its place.
func TestRowWithoutKeyIsADeadLetter(t *testing.T) {
	e := &endpoint{answer: refusing(nil)}
	box := &letterBox{}
	s, _ := senderOf(t, 1, itself, e, box)
	err := sendOneAtATime(t, s, `{"id":0,"key":1}`, `{"id":1,"key":null}`, `{"id":2}`, `{"id":3,"key":4}`)
	if diff := cmp.Diff([][]int{{0, 3}}, e.requests); diff != "" || err != nil {
		t.Errorf("%v: %s", err, diff)
	}
	if len(box.lines) != 2 || !bytes.Contains([]byte(box.lines[0]), []byte(`"key":null`)) {
		t.Errorf("got letters %q", box.lines)
	}
}

// Rows that were never sent say nothing of the endpoint, however many there are.
func TestRowsWithoutAKeyAreNoRefusals(t *testing.T) {
	e := &endpoint{answer: refusing(nil)}
	box := &letterBox{}
	keyless := 2 * maxRejectsWithoutSuccess
	s, _ := senderOf(t, 1, itself, e, box)
	var rows []string
	for id := range keyless + 3 {
		key := "null"
		if id >= keyless {
			key = strconv.Itoa(id)
		}
		rows = append(rows, fmt.Sprintf(`{"id":%d,"key":%s}`, id, key))
	}
	err := sendOneAtATime(t, s, rows...)
	if diff := cmp.Diff([][]int{{keyless, keyless + 1, keyless + 2}}, e.requests); diff != "" || err != nil {
		t.Errorf("%v: %s", err, diff)
	}
	if len(box.lines) != keyless {
		t.Errorf("%d dead letters, want %d", len(box.lines), keyless)
	}
}
