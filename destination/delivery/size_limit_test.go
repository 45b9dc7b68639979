package delivery

import (
	"testing"

	"destination-webhook/destination/answer"
)

func TestSizeLimitGrowsSlowly(t *testing.T) {
	var l sizeLimit
	l.accepted(600)
	l.refused(1000)
	if l.fits(601) || !l.fits(600) {
		t.Fatal("the largest body that passed is not the limit")
	}
	for range nearLimitRun - 1 {
		l.accepted(500)
	}
	if l.fits(601) {
		t.Error("it grew too soon")
	}
	if l.accepted(500); !l.fits(660) || l.fits(661) {
		t.Error("it did not grow by a tenth")
	}
}

// A 413 is remembered for all URLs of the endpoint, and for no other one.
func TestSizeLimitIsTheEndpoints(t *testing.T) {
	c := New(Options{Transport: script(status(413)), Retry: RetryOptions{MaxAttempts: 1}})
	_, err := c.Deliver(t.Context(), Request{Method: "POST", URL: "https://a.test/one", Body: make([]byte, 1000)})
	if f := failureOf(t, err); f.Kind != answer.TooLarge {
		t.Fatalf("got %v", err)
	}
	for url, want := range map[string]bool{"https://a.test/two": false, "https://b.test/one": true} {
		if got := c.Fits(url, 501); got != want {
			t.Errorf("%s: a body of 501 bytes fits: %v, want %v", url, got, want)
		}
	}
}
