package deadletter

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"destination-webhook/destination/delivery"
	"destination-webhook/destination/failure"
	"destination-webhook/protocol"
)

var _ Store = (*Webhook)(nil)

// inbox is an endpoint for dead letters.
type inbox struct {
	bodies []string // of all requests
	ids    []string
	answer func(body string) (status int, text string)
}

func (i *inbox) RoundTrip(r *http.Request) (*http.Response, error) {
	data, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	i.bodies, i.ids = append(i.bodies, string(data)), append(i.ids, r.Header.Get("Webhook-Id"))
	status, text := i.answer(string(data))
	return &http.Response{StatusCode: status, Header: http.Header{}, ContentLength: int64(len(text)), Body: io.NopCloser(strings.NewReader(text))}, nil
}

func webhookTo(i *inbox) *Webhook {
	client := delivery.New(delivery.Options{
		Transport: i, Retry: delivery.RetryOptions{MaxAttempts: 1},
		Sign:   func(h http.Header, id string, _ time.Time, _ []byte) { h.Set("Webhook-Id", id) },
		Redact: func(text string) string { return strings.ReplaceAll(text, "hunter2", "[redacted]") },
	})
	return NewWebhook(client, "https://letters.test/inbox", "", "test")
}

// Lines that are too large for the endpoint are halved, down to a single one, and the size is
// remembered.
func TestWebhookDividesWhatIsTooLarge(t *testing.T) {
	i := &inbox{answer: func(body string) (int, string) {
		if len(body) > 5 {
			return 413, ""
		}
		return 200, ""
	}}
	w := webhookTo(i)
	for range 2 {
		if err := w.Write(t.Context(), []byte("1\n2\n3\n4\n")); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{"1\n2\n3\n4\n", "1\n2\n", "3\n4\n", "1\n2\n", "3\n4\n"}
	if diff := cmp.Diff(want, i.bodies); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
	if err := w.Write(t.Context(), []byte("a long line\n")); err == nil || !strings.Contains(err.Error(), "413") {
		t.Errorf("a single line that is too large: %v", err)
	}
}

// A dead letter that its endpoint does not take is stored nowhere.
func TestWebhookThatRejectsDeadLetters(t *testing.T) {
	for text, want := range map[string]string{
		``:                 "",
		`ok`:               "",
		`{"rejected":[]}`:  "",
		`{"received":"2"}`: "",
		`{"rejected":[{"index":1,"reason":"no hunter2 here"}]}`: "https://letters.test rejected 1 of 2 dead letters in its answer (200), which are stored nowhere else: no [redacted] here",
		// Rejected again when it is tried again.
		`{"rejected":[{"index":0,"retry":true}]}`:             "rejected 1 of 1 dead letters",
		`{"rejected":[{"index":1},{"index":0,"retry":true}]}`: "rejected 2 of 2 dead letters",
		`{"rejected":[{"primary_key":"7"}]}`:                  "which dead letters it rejects cannot be read",
		`{"rejected":2}`:                                      "which dead letters it rejects cannot be read",
		`{` + strings.Repeat(" ", delivery.MaxObject):         "more than 4 MiB",
	} {
		err := webhookTo(&inbox{answer: func(string) (int, string) { return 200, text }}).Write(t.Context(), []byte("1\n2\n"))
		kind, _ := failure.TypeOf(err)
		if (err == nil) != (want == "") || err != nil && (!strings.Contains(fmt.Sprint(err), want) || kind != protocol.ConfigError) {
			t.Errorf("%.60s: got %v, of type %q; want %q", text, err, kind, want)
		}
	}
}

// A dead letter that the endpoint asks for once more is sent once more, by another name: it may
// drop what it has seen.
func TestWebhookThatAsksOnceMore(t *testing.T) {
	for body, want := range map[string][]string{
		"1\n2\n3\n": {"1\n2\n3\n", "1\n3\n"},
		"1\n":       {"1\n", "1\n"},
	} {
		i := &inbox{}
		i.answer = func(string) (int, string) {
			switch {
			case len(i.bodies) > 1:
				return 204, ""
			case body == "1\n":
				return 200, `{"rejected":[{"index":0,"retry":true}]}`
			}
			return 200, `{"rejected":[{"index":2,"retry":true},{"index":0,"retry":true},{"index":2,"retry":true}]}`
		}
		if err := webhookTo(i).Write(t.Context(), []byte(body)); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, i.bodies); diff != "" || i.ids[0] == i.ids[1] {
			t.Errorf("ids %s, requests (-want +got):\n%s", i.ids, diff)
		}
	}
}
