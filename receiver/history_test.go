package receiver

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestHistory(t *testing.T) {
	var h history
	at := func(second int64) time.Time { return time.Unix(second, 500) }
	h.add(at(1000), 1, 10)
	h.add(at(1000), 2, 20)
	h.add(at(1003), 4, 40)
	if diff := cmp.Diff([]second{{1000, 3, 30}, {1003, 4, 40}}, h.since(0, 1010)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]second{{1003, 4, 40}}, h.since(1001, 1003)); diff != "" {
		t.Error("from a second:", diff)
	}
	h.add(at(1120), 8, 80) // in the place of second 1000
	if diff := cmp.Diff([]second{{1003, 4, 40}, {1120, 8, 80}}, h.since(0, 1120)); diff != "" {
		t.Error("two minutes later:", diff)
	}
	if diff := cmp.Diff([]second(nil), h.since(0, 1500)); diff != "" {
		t.Error("long after:", diff)
	}
}

func TestWebhookIDsAreForgottenInOrder(t *testing.T) {
	j := newJournal(1, 1<<20)
	for i := range rememberedIDs + 1 {
		j.enter(&Request{WebhookID: fmt.Sprint(i)})
	}
	if len(j.ids) != rememberedIDs {
		t.Errorf("%d ids remembered", len(j.ids))
	}
	second, first := &Request{WebhookID: "1"}, &Request{WebhookID: "0"}
	j.enter(second)
	j.enter(first)
	if second.Attempt != 2 || first.Attempt != 1 {
		t.Errorf("attempts %d and %d", second.Attempt, first.Attempt)
	}
	long := string(make([]byte, longestID+1))
	j.enter(&Request{WebhookID: long})
	if j.ids[long] != nil {
		t.Error("a long id is remembered")
	}
}

func TestBytesText(t *testing.T) {
	tests := map[int64]string{0: "0 B", 999: "999 B", 1000: "1 kB", 12_345: "12.3 kB", 999_499: "999 kB", 999_600: "1 MB", 5e12: "5 TB"}
	for n, want := range tests {
		if got := bytesText(n); got != want {
			t.Errorf("%d is %q, want %q", n, got, want)
		}
	}
}

func TestMaskedURL(t *testing.T) {
	tests := map[string]string{
		"/a/b":                     "/a/b",
		"/a?source=x&api_key=abc":  "/a?source=x&api_key=" + masked,
		"/a?Access%5FToken=abc&b":  "/a?Access%5FToken=" + masked + "&b",
		"/a?%zz=1":                 "/a?" + masked,
		"/a?key=1&monkey=2&Key=%3": "/a?key=" + masked + "&monkey=2&Key=" + masked,
	}
	for url, want := range tests {
		if got := maskedURL(url); got != want {
			t.Errorf("%s is shown as %s, want %s", url, got, want)
		}
	}
}

func TestSetFaultsWakesThePage(t *testing.T) {
	r := New(Options{})
	var from cursor
	_, next := r.since(&from, time.Now())
	r.SetFaults(Faults{Status: 503})
	select {
	case <-next:
	default:
		t.Error("the page learns of it with the next heartbeat only")
	}
}
