package sender

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"destination-webhook/batching"
	"destination-webhook/destination/config"
	"destination-webhook/destination/deadletter"
	"destination-webhook/destination/delivery"
	"destination-webhook/destination/failure"
	"destination-webhook/destination/jq"
	"destination-webhook/destination/payload"
	"destination-webhook/destination/route"
	"destination-webhook/protocol"
)

// endpoint is a RoundTripper that plays the receiver: it answers each request by a function of the
// ids of its rows.
type endpoint struct {
	requests [][]int
	names    []string // Webhook-Ids
	payload  config.Payload
	answer   func(ids []int, size int) (status int, body string)
}

func (e *endpoint) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	ids, err := idsIn(body, e.payload)
	if err != nil {
		return nil, fmt.Errorf("the body is no %s: %w", e.payload.Format, err)
	}
	if shown := idShown.FindString(string(body)); shown != "" && shown != r.Header.Get("Webhook-Id") {
		return nil, fmt.Errorf("the body shows the id %s, the header is %s", shown, r.Header.Get("Webhook-Id"))
	}
	e.requests = append(e.requests, ids)
	e.names = append(e.names, r.Header.Get("Webhook-Id"))
	status, text := e.answer(ids, len(body))
	return &http.Response{StatusCode: status, Header: http.Header{}, ContentLength: int64(len(text)), Body: io.NopCloser(strings.NewReader(text)), Request: r}, nil
}

// signed puts the name of a request where the endpoint finds it.
func signed(h http.Header, id string, _ time.Time, _ []byte) { h.Set("Webhook-Id", id) }

// taken returns the rows of the requests that were accepted, in the order of the requests.
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

// senderOf returns a sender that brings rows to e, and a batch of rows with ids 0 to n-1, each with
// the key that keyOf gives it.
func senderOf(t interface{ Helper() }, n int, keyOf func(id int) int, e *endpoint, box deadletter.Store) (*Stream, *batching.Batch) {
	t.Helper()
	r := &route.Route{
		Stream: protocol.StreamDescriptor{Name: "users"}, Mode: config.Upsert, Key: [][]string{{"key"}}, Payload: e.payload,
		Endpoint: route.Endpoint{Method: "POST", URL: "https://example.com/hook", Header: http.Header{}},
	}
	if source := e.payload.Transform; source != "" {
		program, err := jq.Compile(source, config.TransformVariables...)
		if err != nil {
			panic(err)
		}
		r.Transform = program
	}
	s := New(Options{
		Client:      clientOf(e),
		DeadLetters: box, Redact: func(s string) string { return s }, Warn: func(string, ...any) {}, Observer: nobody{},
		Now: func() time.Time { return time.Unix(1700000000, 0) },
	}).Stream(r, nil, "job 1")
	return s, batchOf(r, n, keyOf)
}

// clientOf delivers to an endpoint, in one attempt.
func clientOf(e http.RoundTripper) *delivery.Client {
	return delivery.New(delivery.Options{Transport: e, Retry: delivery.RetryOptions{MaxAttempts: 1}, Sign: signed})
}

// batchOf returns a batch of n rows of a route.
func batchOf(r *route.Route, n int, keyOf func(id int) int) *batching.Batch {
	data := make([]string, n)
	for id := range n {
		data[id] = dataOf(id, keyOf(id))
	}
	return batchOfData(r, data)
}

func dataOf(id, key int) string { return fmt.Sprintf(`{"id":%d,"key":%d}`, id, key) }

// batchOfData returns a batch of records of a route.
func batchOfData(r *route.Route, data []string) *batching.Batch {
	var made *batching.Batch
	done := make(chan struct{})
	p := batching.New(context.Background(), batching.Options{MaxRows: len(data) + 1, MaxBytes: 1 << 30, MaxBuffered: 1 << 30, MaxAge: time.Hour, MaxInFlight: 2},
		func(_ context.Context, b *batching.Batch) batching.Outcome {
			made = b
			close(done)
			return batching.Outcome{}
		}, nil)
	stream := p.Stream(payload.Frame(r, false), true)
	encoder := payload.NewEncoder(r, payload.Options{DeadLetters: true})
	for _, text := range data {
		row, err := encoder.Encode(&protocol.Record{Data: []byte(text), EmittedAt: []byte("17")})
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
	stream := p.Stream(payload.Frame(s.route, false), true)
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

// nobody is an Observer that does not care.
type nobody struct{}

func (nobody) Attempted(*route.Route, int, delivery.Attempt) {}
func (nobody) Settled(*route.Route, Counts)                  {}

func typeOf(err error) protocol.FailureType {
	t, _ := failure.TypeOf(err)
	return t
}
