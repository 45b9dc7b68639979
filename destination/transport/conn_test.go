package transport

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// writes counts the writes to a connection.
type writes struct {
	net.Conn
	n int
}

func (w *writes) Write(b []byte) (int, error) {
	w.n++
	return w.Conn.Write(b)
}

// countWrites makes a transport count the writes of its connections below conn, as the kernel sees
// them.
func countWrites(tr *http.Transport) *writes {
	counted := &writes{}
	dial := tr.DialContext
	tr.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		counted.Conn = c.(*conn).Conn
		return &conn{Conn: counted}, nil
	}
	return counted
}

// post sends a body of some bytes to a server, and reads the answer.
func post(tr *http.Transport, url string, body io.Reader, size int) error {
	r, err := http.NewRequest(http.MethodPost, url, body)
	if err != nil {
		return err
	}
	r.ContentLength = int64(size)
	res, err := tr.RoundTrip(r)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, res.Body)
	return errors.Join(err, res.Body.Close())
}

// A small body leaves with the header, another one in one write after it, not in pieces of a buffer.
func TestBodyLeavesInOneWrite(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) }))
	defer s.Close()
	tr := New(Options{})
	defer tr.CloseIdleConnections()
	counted := countWrites(tr)
	for size, want := range map[int]int{MaxCopy: 10, 1 << 20: 20} {
		counted.n = 0
		for range 10 {
			var small Copy
			var large Loan
			data := []byte(strings.Repeat("x", size))
			small.Set(data)
			large.Lend(data)
			body := small.Open()
			if size > MaxCopy {
				body = large.Open()
			}
			if err := post(tr, s.URL, body, size); err != nil {
				t.Fatal(err)
			}
		}
		if counted.n != want {
			t.Errorf("10 requests of %d bytes made %d writes, want %d", size, counted.n, want)
		}
	}
}

// Each reader begins at the start, and none reads anything once the bytes are the caller's again.
func TestLoanEnds(t *testing.T) {
	var l Loan
	l.Lend([]byte("body"))
	for range 2 {
		if got, err := io.ReadAll(l.Open()); string(got) != "body" || err != nil {
			t.Errorf("a reader got %q, %v", got, err)
		}
	}
	late := l.Open()
	l.Release()
	var to strings.Builder
	if _, err := io.Copy(&to, late); to.Len() > 0 || !errors.Is(err, ErrReleased) {
		t.Errorf("a late reader wrote %q, %v", to.String(), err)
	}
	if got, err := io.ReadAll(struct{ io.Reader }{late}); len(got) > 0 || !errors.Is(err, ErrReleased) {
		t.Errorf("a late reader got %q, %v", got, err)
	}
}
