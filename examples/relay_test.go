package examples

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"sync"
	"testing"
)

// relay is between the sender and an endpoint. It loses the first answer to each batch: the
// endpoint has taken the rows, and the sender, who can't know, sends them again.
type relay struct {
	*httptest.Server
	mu         sync.Mutex
	attempts   map[string]int // by Webhook-Id, of batches with rows
	operations []string       // of rows in the order of their first attempts
}

func newRelay(t *testing.T, endpoint string) *relay {
	t.Helper()
	target, err := url.Parse(endpoint)
	if err != nil {
		t.Fatal(err)
	}
	r := &relay{attempts: map[string]int{}}
	proxy := httputil.NewSingleHostReverseProxy(target)
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		body, err := io.ReadAll(request.Body)
		if err != nil {
			t.Error(err)
		}
		request.Body = io.NopCloser(bytes.NewReader(body))
		if !r.first(t, request.Header.Get("Webhook-Id"), body) {
			proxy.ServeHTTP(w, request)
			return
		}
		proxy.ServeHTTP(httptest.NewRecorder(), request)
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
	t.Cleanup(r.Close)
	return r
}

// first notes an attempt and reports whether it is the first of a batch with rows.
func (r *relay) first(t *testing.T, id string, body []byte) bool {
	var envelope struct {
		Rows []struct{ Operation string }
	}
	if err := json.Unmarshal(body, &envelope); err != nil {
		t.Errorf("decoding a batch: %v", err)
	}
	if len(envelope.Rows) == 0 {
		return false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.attempts[id]++
	if r.attempts[id] > 1 {
		return false
	}
	for _, row := range envelope.Rows {
		r.operations = append(r.operations, row.Operation)
	}
	return true
}

// seen returns the operations in order of the alphabet, as streams are sent in parallel.
func (r *relay) seen() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Sorted(slices.Values(r.operations))
}

func (r *relay) repeated() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, attempts := range r.attempts {
		if attempts < 2 {
			return false
		}
	}
	return len(r.attempts) > 0
}
