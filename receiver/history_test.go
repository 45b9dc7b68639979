package receiver

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
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
		"/a?source=x&api_key=abc":  "/a?source=" + masked + "&api_key=" + masked,
		"/a?Access%5FToken=abc&b":  "/a?Access%5FToken=" + masked + "&" + masked,
		"/a?code=1&sig=a=b&%zz=%3": "/a?code=" + masked + "&sig=" + masked + "&%zz=" + masked,
	}
	for url, want := range tests {
		if got := maskedURL(url); got != want {
			t.Errorf("%s is shown as %s, want %s", url, got, want)
		}
	}
}

func TestMaskedHeaders(t *testing.T) {
	tests := map[string]string{
		"Authorization": "Bearer " + masked, "Proxy-Authorization": "Bearer " + masked,
		"X-Auth": masked, "X-Auth-Key": masked, "X-Access-Key": masked, "X-Functions-Key": masked, "Ocp-Apim-Subscription-Key": masked,
		"X-Session-Id": masked, "X-Jwt": masked, "X-Webhook-Token": masked, "Cookie": masked,
		"Content-Type": "Bearer hush", "User-Agent": "Bearer hush", "Webhook-Id": "Bearer hush", "Airbyte-Stream": "Bearer hush", "Accept-Encoding": "Bearer hush",
	}
	for name, want := range tests {
		got := maskedHeaders(http.Header{name: {"Bearer hush"}})
		if got[0].Value != want {
			t.Errorf("%s is shown as %s, want %s", name, got[0].Value, want)
		}
	}
}

// A failed write leaves no half of a line behind: it is taken back from a file, and ended elsewhere.
func TestTornLines(t *testing.T) {
	row := func(n string) []Row { return []Row{{Data: json.RawMessage(`{"id":` + n + `}`)}} }
	file, err := os.OpenFile(filepath.Join(t.TempDir(), "rows"), os.O_APPEND|os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var buffer bytes.Buffer
	tests := map[string]struct {
		w    io.Writer
		want string
	}{
		"file":   {&shortFile{File: file}, `{"data":{"id":1}}` + "\n" + `{"data":{"id":3}}` + "\n"},
		"stream": {&shortWriter{w: &buffer}, `{"data":{"id":1}}` + "\n" + `{"data":` + "\n" + `{"data":{"id":3}}` + "\n"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			rw := newRowWriter(test.w)
			accepted := 0
			for i, n := range []string{"1", "2", "3"} {
				if err := rw.write(row(n), func() { accepted++ }); (err != nil) != (i == 1) {
					t.Errorf("row %s: %v", n, err)
				}
			}
			got := buffer.String()
			if name == "file" {
				text, err := os.ReadFile(file.Name())
				if err != nil {
					t.Fatal(err)
				}
				got = string(text)
			}
			if got != test.want || accepted != 2 {
				t.Errorf("%d accepted, written %q, want %q", accepted, got, test.want)
			}
		})
	}
}

// shortWriter breaks off within its second write.
type shortWriter struct {
	w      io.Writer
	writes int
}

func (s *shortWriter) Write(p []byte) (int, error) {
	if s.writes++; s.writes == 2 {
		n, _ := s.w.Write(p[:8])
		return n, io.ErrShortWrite
	}
	return s.w.Write(p)
}

type shortFile struct {
	*os.File
	short shortWriter
}

func (s *shortFile) Write(p []byte) (int, error) {
	s.short.w = s.File
	return s.short.Write(p)
}

func TestFieldText(t *testing.T) {
	data := json.RawMessage(`{"a":"","b":null,"c":{"d":"x","e":1.0},"f":"null"}`)
	type result struct {
		Text  string
		Found bool
	}
	for path, want := range map[string]result{
		"a": {"", true}, "b": {"null", true}, "c.d": {"x", true}, "c.e": {"1.0", true}, "f": {"null", true},
		"g": {}, "c.g": {}, "a.g": {}, "b.g": {}, "c.d.g": {},
	} {
		text, found := fieldText(data, path)
		if diff := cmp.Diff(want, result{text, found}); diff != "" {
			t.Errorf("%s (-want +got):\n%s", path, diff)
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
