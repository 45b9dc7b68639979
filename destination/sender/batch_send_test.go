package sender

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"destination-webhook/batching"
	"destination-webhook/destination/config"
	"destination-webhook/destination/deadletter"
	"destination-webhook/destination/delivery"
	"destination-webhook/destination/failure"
	"destination-webhook/destination/payload"
	"destination-webhook/destination/route"
	"destination-webhook/protocol"
)

// endpoint is a RoundTripper that plays the receiver: it answers each request by a function of the
// ids of its rows.
type endpoint struct {
	requests [][]int
	names    []string // Webhook-Ids
	answer   func(ids []int, size int) (status int, body string)
}

func (e *endpoint) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	var envelope struct {
		Rows []struct {
			Data struct{ ID int }
		}
	}
	if err := json.Unmarshal(body, &envelope); err != nil {
		return nil, fmt.Errorf("the body is not an envelope: %w", err)
	}
	ids := []int{}
	for _, row := range envelope.Rows {
		ids = append(ids, row.Data.ID)
	}
	e.requests = append(e.requests, ids)
	e.names = append(e.names, r.Header.Get("Webhook-Id"))
	status, text := e.answer(ids, len(body))
	return &http.Response{StatusCode: status, Header: http.Header{}, ContentLength: int64(len(text)), Body: io.NopCloser(strings.NewReader(text)), Request: r}, nil
}

// signed puts the name of a request where the endpoint finds it.
func signed(h http.Header, id string, _ time.Time, _ []byte) { h.Set("Webhook-Id", id) }

// taken are the rows of the requests answered with 2xx, as refused tells.
func (e *endpoint) taken(accepted func(ids []int) bool) []int {
	var all []int
	for _, ids := range e.requests {
		if accepted(ids) {
			all = append(all, ids...)
		}
	}
	return all
}

// letterBox keeps dead letters.
type letterBox struct {
	lines []string
	err   error
}

func (l *letterBox) Write(_ context.Context, lines []byte) error {
	l.lines = append(l.lines, strings.Split(strings.TrimSuffix(string(lines), "\n"), "\n")...)
	return l.err
}

func (l *letterBox) Close() error { return nil }

// batchOf prepares rows with ids 0 to n-1, each with the key that keyOf gives it, and a sender that
// brings them to e.
func senderOf(t interface{ Helper() }, n int, keyOf func(id int) int, e *endpoint, box deadletter.Store) (*Stream, *batching.Batch) {
	t.Helper()
	r := &route.Route{
		Stream: protocol.StreamDescriptor{Name: "users"}, Mode: config.Upsert, Key: [][]string{{"key"}},
		Endpoint: route.Endpoint{Method: "POST", URL: "https://example.com/hook", Header: http.Header{}},
	}
	s := New(Options{
		Client:      delivery.New(delivery.Options{Transport: e, Retry: delivery.RetryOptions{MaxAttempts: 1}, Sign: signed}),
		DeadLetters: box, Redact: func(s string) string { return s }, Warn: func(string) {}, Observer: nobody{},
		Now: func() time.Time { return time.Unix(1700000000, 0) },
	}).Stream(r, nil, "job 1")
	return s, batchOf(r, n, keyOf)
}

func batchOf(r *route.Route, n int, keyOf func(id int) int) *batching.Batch {
	var made *batching.Batch
	done := make(chan struct{})
	p := batching.New(context.Background(), batching.Options{MaxRows: n + 1, MaxBytes: 1 << 30, MaxBuffered: 1 << 30, MaxAge: time.Hour, MaxInFlight: 2},
		func(_ context.Context, b *batching.Batch) batching.Outcome {
			made = b
			close(done)
			return batching.Outcome{}
		}, nil)
	stream := p.Stream(payload.Envelope(r, false), true)
	encoder := payload.NewEncoder(r, payload.Options{DeadLetters: true})
	for id := range n {
		row, err := encoder.Encode(&protocol.Record{Data: fmt.Appendf(nil, `{"id":%d,"key":%d}`, id, keyOf(id)), EmittedAt: []byte("17")})
		if err != nil {
			panic(err)
		}
		p.Add(stream, row, time.Time{})
	}
	p.Flush()
	<-done
	p.Close()
	return made
}

// sendOneAtATime sends rows as one batch through a pipeline that has one request in flight, and
// returns the pipeline's error.
func sendOneAtATime(t *testing.T, s *Stream, rows ...string) error {
	t.Helper()
	p := batching.New(t.Context(), batching.Options{MaxRows: len(rows) + 1, MaxBytes: 1 << 20, MaxBuffered: 1 << 20, MaxAge: time.Hour, MaxInFlight: 1}, s.Send, nil)
	stream := p.Stream(payload.Envelope(s.route, false), true)
	encoder := payload.NewEncoder(s.route, payload.Options{DeadLetters: true})
	for _, data := range rows {
		row, err := encoder.Encode(&protocol.Record{Data: []byte(data)})
		if err != nil {
			t.Fatal(err)
		}
		p.Add(stream, row, time.Time{})
	}
	p.Flush()
	p.Settle(<-p.Results())
	p.Close()
	return p.Err()
}

func itself(id int) int { return id }

func refusing(bad map[int]bool) func(ids []int, size int) (int, string) {
	return func(ids []int, _ int) (int, string) {
		if slices.ContainsFunc(ids, func(id int) bool { return bad[id] }) {
			return 422, "bad row"
		}
		return 200, ""
	}
}

// Rows at fault are found alone, the others are delivered once and in order, at the promised cost.
func TestRowsAtFaultAreIsolated(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 300).Draw(t, "rows")
		bad := map[int]bool{0: false}
		for _, id := range rapid.SliceOfN(rapid.IntRange(0, n-1), 0, 15).Draw(t, "bad") {
			bad[id] = true
		}
		delete(bad, -1)
		e := &endpoint{answer: refusing(bad)}
		box := &letterBox{}
		s, b := senderOf(t, n, itself, e, box)
		out := s.Send(t.Context(), b)
		if out.Err != nil {
			t.Fatal(out.Err)
		}
		var want, wantTaken []int
		for id := range n {
			if bad[id] {
				want = append(want, id)
			} else {
				wantTaken = append(wantTaken, id)
			}
		}
		if diff := cmp.Diff(want, out.Rejected); diff != "" {
			t.Errorf("rejected: %s", diff)
		}
		taken := e.taken(func(ids []int) bool { status, _ := e.answer(ids, 0); return status == 200 })
		if diff := cmp.Diff(wantTaken, taken); diff != "" {
			t.Errorf("delivered, in order: %s", diff)
		}
		if most := 2*len(want)*bits.Len(uint(n-1)) + 1; len(e.requests) > most {
			t.Errorf("%d requests for %d rows at fault among %d, want at most %d", len(e.requests), len(want), n, most)
		}
		if len(box.lines) != len(want) {
			t.Errorf("%d dead letters, want %d", len(box.lines), len(want))
		}
	})
}

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

func TestEndpointThatRefusesEverythingStopsTheSync(t *testing.T) {
	e := &endpoint{answer: func([]int, int) (int, string) { return 400, "no" }}
	box := &letterBox{}
	s, b := senderOf(t, 1000, itself, e, box)
	err := s.Send(t.Context(), b).Err
	if err == nil || typeOf(err) != protocol.ConfigError || !strings.Contains(err.Error(), "each of 20 single rows") {
		t.Fatalf("got %v, want a config error that speaks of 20 rows", err)
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
	var letter struct {
		Record struct {
			Meta struct {
				Rejection struct {
					Status    int
					Reason    string
					WebhookID string `json:"webhook_id"`
					At        time.Time
				}
			}
		}
	}
	if err := json.Unmarshal([]byte(box.lines[0]), &letter); err != nil {
		t.Fatal(err)
	}
	r := letter.Record.Meta.Rejection
	if r.Status != 422 || !strings.Contains(r.Reason, "bad row") || !strings.HasPrefix(r.WebhookID, "msg_") || r.At.Unix() != 1700000000 {
		t.Errorf("got rejection %+v", r)
	}
}

// A row counts as settled only once its letter is stored.
func TestFailedDeadLetterIsNoSettledRow(t *testing.T) {
	full := errors.New("no space left on device")
	s, b := senderOf(t, 4, itself, &endpoint{answer: refusing(map[int]bool{1: true})}, &letterBox{err: full})
	if out := s.Send(t.Context(), b); !errors.Is(out.Err, full) || out.Rejected != nil {
		t.Errorf("got %+v, want the store's error and nothing settled", out)
	}
}

func TestVerdict(t *testing.T) {
	for name, tt := range map[string]struct {
		bodies   []string // of the answers in turn, the last one for all later ones
		status   int
		rejected []int
		requests [][]int
	}{
		"by index":               {[]string{`{"rejected":[{"index":2,"reason":"odd"}]}`}, 200, []int{2}, [][]int{{0, 1, 2, 3}}},
		"207":                    {[]string{`{"rejected":[{"index":0}],"more":{}}`}, 207, []int{0}, [][]int{{0, 1, 2, 3}}},
		"by primary key":         {[]string{`{"rejected":[{"primary_key":"1"}]}`}, 200, []int{1, 3}, [][]int{{0, 1, 2, 3}}},
		"escaped primary key":    {[]string{`{"rejected":[{"primary_key":"\u0031"}]}`}, 200, []int{1, 3}, [][]int{{0, 1, 2, 3}}},
		"several":                {[]string{`{"rejected":[{"index":3},{"index":0}]}`}, 200, []int{0, 3}, [][]int{{0, 1, 2, 3}}},
		"retry":                  {[]string{`{"rejected":[{"index":2,"retry":true}]}`, ``}, 200, nil, [][]int{{0, 1, 2, 3}, {2}}},
		"retry keeps the order":  {[]string{`{"rejected":[{"index":1,"retry":true}]}`, ``}, 200, nil, [][]int{{0, 1, 2, 3}, {1, 3}}},
		"in upper case":          {[]string{`{"Rejected":[{"index":2}]}`}, 200, []int{2}, [][]int{{0, 1, 2, 3}}},
		"by a number as key":     {[]string{`{"rejected":[{"primary_key":1}]}`}, 200, []int{1, 3}, [][]int{{0, 1, 2, 3}}},
		"retry, once":            {[]string{`{"rejected":[{"index":2,"retry":true}]}`, `{"rejected":[{"index":0,"retry":true}]}`}, 200, []int{2}, [][]int{{0, 1, 2, 3}, {2}}},
		"not JSON":               {[]string{`ok`}, 200, nil, [][]int{{0, 1, 2, 3}}},
		"more than 64 KiB":       {[]string{`{"rejected":[{"index":2,"reason":"` + strings.Repeat("x", 70<<10) + `"}]}`}, 200, []int{2}, [][]int{{0, 1, 2, 3}}},
		"a key, again and again": {[]string{`{"rejected":[{"primary_key":"1"}` + strings.Repeat(`,{"primary_key":"1"}`, 100) + `]}`}, 200, []int{1, 3}, [][]int{{0, 1, 2, 3}}},
		"endless, but no object": {[]string{"[" + strings.Repeat("0,", delivery.MaxObject)}, 200, nil, [][]int{{0, 1, 2, 3}}},
		"an empty list":          {[]string{`{"rejected":[]}`}, 200, nil, [][]int{{0, 1, 2, 3}}},
	} {
		t.Run(name, func(t *testing.T) {
			e, bodies := &endpoint{}, tt.bodies
			e.answer = func([]int, int) (int, string) {
				body := bodies[0]
				bodies = bodies[min(1, len(bodies)-1):]
				return tt.status, body
			}
			s, b := senderOf(t, 4, func(id int) int { return id % 2 }, e, &letterBox{})
			out := s.Send(t.Context(), b)
			if out.Err != nil {
				t.Fatal(out.Err)
			}
			if diff := cmp.Diff(tt.rejected, out.Rejected); diff != "" {
				t.Errorf("rejected: %s", diff)
			}
			if diff := cmp.Diff(tt.requests, e.requests); diff != "" {
				t.Errorf("requests: %s", diff)
			}
		})
	}
}

// An answer that could reject rows and cannot be read ends the sync: its rows must not count as
// delivered.
func TestUnclearVerdictsEndTheSync(t *testing.T) {
	for name, body := range map[string]string{
		"no list":               `{"rejected":2}`,
		"neither index nor key": `{"rejected":[{"id":2}]}`,
		"out of range":          `{"rejected":[{"index":4}]}`,
		"with a tail":           `{"rejected":[{"index":2}]} ok`,
		"another case":          `{"Rejected":[{"index":"2"}]}`,
	} {
		t.Run(name, func(t *testing.T) {
			e := &endpoint{answer: func([]int, int) (int, string) { return 200, body }}
			s, b := senderOf(t, 4, itself, e, &letterBox{})
			out := s.Send(t.Context(), b)
			if out.Err == nil || typeOf(out.Err) != protocol.ConfigError || !strings.Contains(out.Err.Error(), "which rows it rejects cannot be read") {
				t.Errorf("got %v", out.Err)
			}
		})
	}
}

// A repeated row stays before what follows it of its key, with one request at a time as well, when
// the pipeline keeps no hashes of keys.
func TestRepeatedRowIsNotOvertaken(t *testing.T) {
	bodies := []string{`{"rejected":[{"index":0,"retry":true}]}`, ``}
	e := &endpoint{}
	e.answer = func([]int, int) (int, string) {
		body := bodies[0]
		bodies = bodies[1:]
		return 200, body
	}
	s, _ := senderOf(t, 1, itself, e, &letterBox{})
	err := sendOneAtATime(t, s, `{"id":0,"key":"a"}`, `{"id":1,"key":"b"}`, `{"id":2,"key":"a"}`)
	if diff := cmp.Diff([][]int{{0, 1, 2}, {0, 2}}, e.requests); diff != "" || err != nil {
		t.Errorf("%v: %s", err, diff)
	}
}

// An endpoint may remember the request in whose answer it asks for a row once more.
func TestRowThatIsAskedForOnceMoreHasAnotherName(t *testing.T) {
	e := &endpoint{}
	e.answer = func([]int, int) (int, string) {
		return 200, []string{"", `{"rejected":[{"index":0,"retry":true}]}`}[len(e.requests)%2]
	}
	s, b := senderOf(t, 1, itself, e, &letterBox{})
	if out := s.Send(t.Context(), b); out.Err != nil || len(e.names) != 2 || e.names[0] == e.names[1] || e.names[0] == "" {
		t.Errorf("the names %q, %v", e.names, out.Err)
	}
}

// A verdict that cannot be read to its end may reject rows: they do not count as delivered.
func TestVerdictBeyondTheLimitEndsTheSync(t *testing.T) {
	filler := strings.Repeat(" ", delivery.MaxObject)
	for name, body := range map[string]string{
		"within an entry":   `{"rejected":[{"index":2,"reason":"` + filler + `"}]}`,
		"before the member": ` {"taken":4,` + filler + `"rejected":[{"index":2}]}`,
		"never ending":      "\t{" + filler,
	} {
		t.Run(name, func(t *testing.T) {
			e := &endpoint{answer: func([]int, int) (int, string) { return 200, body }}
			s, b := senderOf(t, 4, itself, e, &letterBox{})
			out := s.Send(t.Context(), b)
			if out.Err == nil || typeOf(out.Err) != protocol.ConfigError || !strings.Contains(out.Err.Error(), "more than 4 MiB") {
				t.Errorf("got %v, want a config error that names the limit", out.Err)
			}
			if len(e.requests) != 1 || s.accepted.Load() != 0 {
				t.Errorf("%d requests, %d rows accepted, want one and none", len(e.requests), s.accepted.Load())
			}
		})
	}
}

// Rows that the same answer accepts count, before those that it rejects are called
// maxRejectsWithoutSuccess.
func TestVerdictOnManyRowsIsNotHopeless(t *testing.T) {
	var entries []string
	for i := range 2 * maxRejectsWithoutSuccess {
		entries = append(entries, fmt.Sprintf(`{"index":%d}`, i))
	}
	e := &endpoint{answer: func([]int, int) (int, string) { return 200, `{"rejected":[` + strings.Join(entries, ",") + `]}` }}
	s, b := senderOf(t, 2*maxRejectsWithoutSuccess+1, itself, e, &letterBox{})
	if out := s.Send(t.Context(), b); out.Err != nil || len(out.Rejected) != 2*maxRejectsWithoutSuccess {
		t.Errorf("%d rows rejected, %v, want %d", len(out.Rejected), out.Err, 2*maxRejectsWithoutSuccess)
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
	p.Add(p.Stream(payload.Envelope(s.route, false), true), row, time.Time{})
	p.Flush()
	p.Settle(<-p.Results())
	p.Close()
	text := fmt.Sprint(p.Err())
	if !strings.Contains(text, `with primary key a\u202eb\u009bc [redacted] xxx`) || len(text) > 1000 {
		t.Errorf("got %d bytes: %.300s", len(text), text)
	}
}

func TestTooLargeHalvesAndRemembers(t *testing.T) {
	var sizes []int
	e := &endpoint{answer: func(_ []int, size int) (int, string) {
		sizes = append(sizes, size)
		if size > 1000 {
			return 413, ""
		}
		return 200, ""
	}}
	s, b := senderOf(t, 100, itself, e, &letterBox{})
	if out := s.Send(t.Context(), b); out.Err != nil || out.Rejected != nil {
		t.Fatalf("got %+v", out)
	}
	refused := func() (n int) {
		for _, size := range sizes {
			if size > 1000 {
				n++
			}
		}
		return n
	}
	first := refused()
	if first == 0 || first > 3 {
		t.Errorf("%d bodies were refused on the way down, want the limit to be learned from the first", first)
	}
	_, second := senderOf(t, 100, itself, e, nil)
	if out := s.Send(t.Context(), second); out.Err != nil {
		t.Fatal(out.Err)
	}
	if again := refused() - first; again > 0 {
		t.Errorf("%d bodies above the known limit were tried again", again)
	}
}

func TestSingleRowThatIsTooLargeIsRejected(t *testing.T) {
	e := &endpoint{answer: func(ids []int, _ int) (int, string) {
		if slices.Contains(ids, 1) {
			return 413, ""
		}
		return 200, ""
	}}
	s, b := senderOf(t, 3, itself, e, &letterBox{})
	out := s.Send(t.Context(), b)
	if diff := cmp.Diff([]int{1}, out.Rejected); diff != "" || out.Err != nil {
		t.Errorf("got %+v", out)
	}
}

// A row without a key never reaches the endpoint, where the mode needs one; it is a dead letter in
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

// nobody is an Observer that does not care.
type nobody struct{}

func (nobody) Attempted(*route.Route, int, delivery.Attempt) {}
func (nobody) Settled(*route.Route, Counts)                  {}

func typeOf(err error) protocol.FailureType {
	t, _ := failure.TypeOf(err)
	return t
}

// A panic while a batch is sent is an error: Go's own report would show its value.
func TestPanicOfASenderIsAnError(t *testing.T) {
	err := new(Stream).Send(t.Context(), nil).Err
	if p := (*failure.Panic)(nil); !errors.As(err, &p) {
		t.Errorf("got %v, want a panic", err)
	}
}
