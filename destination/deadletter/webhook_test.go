package deadletter

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"destination-webhook/destination/delivery"
	"destination-webhook/destination/failure"
	"destination-webhook/protocol"
)

var _ Store = (*Webhook)(nil)

// inbox is an endpoint for dead letters.
type inbox struct {
	bodies []string // of all requests
	answer func(body string) (status int, text string)
}

func (i *inbox) RoundTrip(r *http.Request) (*http.Response, error) {
	data, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	i.bodies = append(i.bodies, string(data))
	status, text := i.answer(string(data))
	return &http.Response{StatusCode: status, Header: http.Header{}, ContentLength: int64(len(text)), Body: io.NopCloser(strings.NewReader(text))}, nil
}

func webhookTo(i *inbox) *Webhook {
	client := delivery.New(delivery.Options{
		Transport: i, Retry: delivery.RetryOptions{MaxAttempts: 1},
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
		`{"rejected":[{"index":0,"retry":true}]}`:               "rejected 1 of 2 dead letters",
		`{"rejected":[{"primary_key":"7"}]}`:                    "which dead letters it rejects cannot be read",
		`{"rejected":2}`:                                        "which dead letters it rejects cannot be read",
		`{` + strings.Repeat(" ", delivery.MaxObject):           "more than 4 MiB",
	} {
		err := webhookTo(&inbox{answer: func(string) (int, string) { return 200, text }}).Write(t.Context(), []byte("1\n2\n"))
		kind, _ := failure.TypeOf(err)
		if (err == nil) != (want == "") || err != nil && (!strings.Contains(fmt.Sprint(err), want) || kind != protocol.ConfigError) {
			t.Errorf("%.60s: got %v, of type %q; want %q", text, err, kind, want)
		}
	}
}
