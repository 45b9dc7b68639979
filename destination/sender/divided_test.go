package sender

import (
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"slices"
	"syscall"
	"testing"

	"destination-webhook/destination/delivery"
	"destination-webhook/destination/transport"
)

// hangsUp is an endpoint that resets the connection of a body above a size.
type hangsUp struct {
	*endpoint
	most int64
	hung int // requests
}

func (h *hangsUp) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.ContentLength <= h.most {
		return h.endpoint.RoundTrip(r)
	}
	h.hung++
	httptrace.ContextClientTrace(r.Context()).GotConn(httptrace.GotConnInfo{})
	return nil, syscall.ECONNRESET
}

// A size at which the endpoint hangs up is found by halving, and remembered.
func TestBodyOnWhichTheEndpointHangsUpIsHalved(t *testing.T) {
	e := &endpoint{answer: refusing(nil)}
	s, b := senderOf(t, 10_000, itself, e, nil)
	h := &hangsUp{endpoint: e, most: 200_000}
	s.options.Client = clientOf(h)
	var hung []int
	for range 2 {
		if out := s.Send(t.Context(), b); out.Err != nil {
			t.Fatal(out.Err)
		}
		hung = append(hung, h.hung)
	}
	if hung[0] == 0 || hung[1] != hung[0] {
		t.Errorf("of %d bytes, %v requests were cut off after each batch: want some, and no other in the second", len(b.Body), hung)
	}
	if taken := e.taken(func([]int) bool { return true }); len(taken) != 2*b.Rows() || !slices.IsSorted(taken[:b.Rows()]) {
		t.Errorf("%d rows were delivered, want %d in order", len(taken), 2*b.Rows())
	}
}

// A server that resets the connection from the header alone is one that hangs up.
func TestServerThatResetsLargeBodies(t *testing.T) {
	const most = 200_000
	var sizes []int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ContentLength <= most {
			sizes = append(sizes, r.ContentLength)
			return
		}
		c, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		_ = c.(*net.TCPConn).SetLinger(0) // so that closing resets it
		_ = c.Close()
	}))
	defer server.Close()
	transport := transport.New(transport.Options{MaxConns: 1})
	defer transport.CloseIdleConnections()
	s, b := senderOf(t, 10_000, itself, &endpoint{}, nil)
	s.route.URL = server.URL
	s.options.Client = delivery.New(delivery.Options{Transport: transport, Retry: delivery.RetryOptions{MaxAttempts: 9}})
	if out := s.Send(t.Context(), b); out.Err != nil || len(sizes) == 0 {
		t.Errorf("%d bodies were taken, %v", len(sizes), out.Err)
	}
}

// How many rows an endpoint takes is found by halving, and remembered for the next batches.
func TestNumberOfRowsIsRemembered(t *testing.T) {
	const most = 100
	refused := 0
	e := &endpoint{answer: func(ids []int, _ int) (int, string) {
		if len(ids) > most {
			refused++
			return 400, "too many rows"
		}
		return 200, ""
	}}
	s, b := senderOf(t, 1000, itself, e, &letterBox{})
	var seen []int
	for range 3 {
		if out := s.Send(t.Context(), b); out.Err != nil || out.Rejected != nil {
			t.Fatalf("got %+v", out)
		}
		seen = append(seen, refused)
	}
	if seen[0] == 0 || seen[2] != seen[0] {
		t.Errorf("%v requests were refused after each batch: want some, and no other after the first", seen)
	}
	if len(e.requests) > 70 {
		t.Errorf("%d requests for 3,000 rows", len(e.requests))
	}
}

// Two rows that must not come together are refused like too many: they limit no other request.
func TestRowsThatMustNotMeetLimitNothing(t *testing.T) {
	e := &endpoint{answer: func(ids []int, _ int) (int, string) {
		if slices.Contains(ids, 10) && slices.Contains(ids, 11) {
			return 422, "row 10 and row 11 are the same"
		}
		return 200, ""
	}}
	s, b := senderOf(t, 1000, itself, e, &letterBox{})
	if out := s.Send(t.Context(), b); out.Err != nil || out.Rejected != nil {
		t.Fatalf("got %+v", out)
	}
	if most := s.options.Client.Fitting(s.route.URL, 0, 1000); most < 500 {
		t.Errorf("%d of 1,000 rows may be sent together", most)
	}
}
