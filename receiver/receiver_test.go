package receiver_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"destination-webhook/receiver"
)

const twoRows = `{"sync_mode":"upsert","rows":[` +
	`{"data":{"id":1,"name":"Ada"},"operation":"added","primary_key":"1"},` +
	`{"data":{"id":2,"name":"Ben"},"operation":"removed","primary_key":["2","x"]}]}`

// post sends a body to a Receiver without a network.
func post(t *testing.T, r http.Handler, body string, headers ...string) *http.Response {
	t.Helper()
	req := httptest.NewRequest("POST", "http://localhost/hook?key=1", strings.NewReader(body))
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	r.ServeHTTP(w, req)
	return w.Result()
}

func text(t *testing.T, resp *http.Response) string {
	t.Helper()
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestRecordsRequestAndRows(t *testing.T) {
	var log, rows bytes.Buffer
	r := receiver.New(receiver.Options{Log: &log, Rows: &rows})
	resp := post(t, r, twoRows, "Airbyte-Stream", "caf%C3%A9", "Airbyte-Namespace", "public", "Webhook-Id", "abc")
	if got := resp.StatusCode; got != 200 {
		t.Fatalf("status %d", got)
	}

	want := receiver.Request{
		ID: 1, Method: "POST", Host: "localhost", URL: "/hook?key=1", Proto: "HTTP/1.1",
		Body: []byte(twoRows), Bytes: int64(len(twoRows)), WireBytes: int64(len(twoRows)),
		Stream: "café", Namespace: "public", WebhookID: "abc", Attempt: 1,
		SyncMode: "upsert", Rows: 2, Done: true, Status: 200, Answer: "{}\n",
	}
	ignore := cmpopts.IgnoreFields(receiver.Request{}, "Time", "Duration", "Header")
	if diff := cmp.Diff([]receiver.Request{want}, r.Requests(), ignore, cmpopts.IgnoreUnexported(want)); diff != "" {
		t.Error(diff)
	}

	wantRows := []receiver.Row{
		{Stream: "café", Namespace: "public", Operation: "added", PrimaryKey: raw(`"1"`), Data: raw(`{"id":1,"name":"Ada"}`)},
		{Stream: "café", Namespace: "public", Operation: "removed", PrimaryKey: raw(`["2","x"]`), Data: raw(`{"id":2,"name":"Ben"}`)},
	}
	if diff := cmp.Diff(wantRows, r.Accepted()); diff != "" {
		t.Error(diff)
	}

	wantLines := `{"stream":"café","namespace":"public","operation":"added","primary_key":"1","data":{"id":1,"name":"Ada"}}` + "\n" +
		`{"stream":"café","namespace":"public","operation":"removed","primary_key":["2","x"],"data":{"id":2,"name":"Ben"}}` + "\n"
	if diff := cmp.Diff(wantLines, rows.String()); diff != "" {
		t.Error(diff)
	}
	if line := log.String(); !strings.Contains(line, "200  POST  /hook  café  upsert  2 rows  177 B") || strings.Contains(line, "key=1") {
		t.Errorf("log line %q", line)
	}
}

func raw(s string) json.RawMessage { return json.RawMessage(s) }

func TestTotals(t *testing.T) {
	r := receiver.New(receiver.Options{})
	post(t, r, twoRows, "Airbyte-Stream", "users", "Webhook-Id", "a")
	post(t, r, twoRows, "Airbyte-Stream", "users", "Webhook-Id", "a")
	post(t, r, `{"sync_mode":"insert","rows":[{"data":{}}]}`, "Airbyte-Stream", "orders", "Webhook-Id", "b")
	post(t, r, `{"sync_mode":"insert","rows":[]}`, "Webhook-Id", "check")
	post(t, r, `{"sync_mode":"insert","rows":[]}`, "Webhook-Id", "check")
	post(t, r, `nonsense`)

	want := receiver.Totals{
		Requests: 6, Answered: 6, Failed: 1, Duplicates: 1, Rows: 5, Repeated: 2,
		Bytes: 2*177 + 43 + 2*32 + 8, WireBytes: 2*177 + 43 + 2*32 + 8,
		Streams: []receiver.StreamTotals{
			{Stream: "orders", Requests: 1, Rows: 1, Bytes: 43, Operations: map[string]int64{"": 1}},
			{Stream: "users", Requests: 2, Rows: 4, Repeated: 2, Bytes: 354, Operations: map[string]int64{"added": 2, "removed": 2}},
		},
	}
	if diff := cmp.Diff(want, r.Totals()); diff != "" {
		t.Error(diff)
	}
	attempts := []int{}
	for _, q := range r.Requests() {
		attempts = append(attempts, q.Attempt)
	}
	if diff := cmp.Diff([]int{1, 2, 1, 1, 1, 1}, attempts); diff != "" {
		t.Error("attempts:", diff)
	}
}

func TestStreamTotalsAreBounded(t *testing.T) {
	r := receiver.New(receiver.Options{Discard: false, KeepRequests: 1})
	for i := range 1500 {
		post(t, r, `{"sync_mode":"insert","rows":[{"data":{}}]}`, "Airbyte-Stream", string(rune(0x4e00+i)))
	}
	totals := r.Totals()
	if got := len(totals.Streams); got > 1001 || totals.Rows != 1500 {
		t.Errorf("%d streams, %d rows", got, totals.Rows)
	}
}

func TestKeepsWithinBounds(t *testing.T) {
	body := `{"sync_mode":"insert","rows":[{"data":{"x":"` + strings.Repeat("x", 1000) + `"}}]}`
	tests := map[string]struct {
		options receiver.Options
		want    int
	}{
		"requests":            {receiver.Options{KeepRequests: 3}, 3},
		"bytes":               {receiver.Options{KeepBytes: 6000}, 2},
		"one above the bytes": {receiver.Options{KeepBytes: 1000}, 1},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := receiver.New(tt.options)
			for range 10 {
				post(t, r, body)
			}
			kept := r.Requests()
			if len(kept) != tt.want || kept[len(kept)-1].ID != 10 {
				t.Errorf("kept %d requests, want %d, the last is %d", len(kept), tt.want, kept[len(kept)-1].ID)
			}
			if got := r.Totals().Rows; got != 10 {
				t.Errorf("%d rows counted", got)
			}
		})
	}
}

// What a sender chooses to write stays within the bound, wherever it ends up.
func TestMemoryIsBounded(t *testing.T) {
	const bound, long = 1 << 20, 4 << 20
	x := strings.Repeat("x", long)
	manyRows := `{"sync_mode":"insert","rows":[` + strings.Repeat(`{"data":{"a":1}},`, 20000) + `{"data":{"a":1}}]}`
	tests := map[string]struct {
		body   string
		header []string
	}{
		"sync mode":     {`{"sync_mode":"` + x + `"}`, nil},
		"operation":     {`{"sync_mode":"insert","rows":[{"operation":"` + x + `"}]}`, nil},
		"number":        {`{"sync_mode":"insert","sync_id":` + strings.Repeat("1", long) + `}`, nil},
		"broken member": {`{"` + x + `":` + `{"` + x + `":x}}`, nil},
		"stream":        {`{"sync_mode":"insert","stream":"` + x + `","namespace":"` + x + `","rows":[{"data":{}}]}`, nil},
		"header":        {`{"sync_mode":"insert","rows":[{"data":{}}]}`, []string{"Airbyte-Stream", x[:60000], "Content-Encoding", x[:60000]}},
		"rejections":    {manyRows, nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var log bytes.Buffer
			r := receiver.New(receiver.Options{KeepBytes: bound, Log: &log, Faults: receiver.Faults{RejectField: "a", RejectValue: "1", RejectRows: true}})
			resp := post(t, r, tt.body, tt.header...)
			for range 4 {
				post(t, r, tt.body, tt.header...)
			}
			kept := 0
			for _, q := range r.Requests() {
				kept += len(q.Body) + len(q.Problem) + len(q.Stream) + len(q.Namespace) + 24*len(q.Rejected)
			}
			if kept > bound || log.Len() > 20000 {
				t.Errorf("%d bytes kept, %d bytes printed", kept, log.Len())
			}
			if problem := r.Requests()[0].Problem; name == "sync mode" && !strings.HasSuffix(problem, `…", expected one of ["insert" "upsert" "add" "remove" "mirror"]`) {
				t.Errorf("the problem is cut where it says what was expected: %s", problem)
			}
			for _, s := range r.Totals().Streams {
				if len(s.Stream)+len(s.Namespace) > 500 {
					t.Errorf("the totals keep a name of %d bytes", len(s.Stream))
				}
			}
			if n := len(text(t, resp)); n > 2000 && name != "rejections" {
				t.Errorf("an answer of %d bytes", n)
			}
		})
	}
}

// A name is cut where it is shown, and written whole with its rows.
func TestLongNamesReachTheRows(t *testing.T) {
	var rows bytes.Buffer
	r := receiver.New(receiver.Options{Rows: &rows})
	name := strings.Repeat("n", 300)
	post(t, r, `{"sync_mode":"insert","rows":[{"data":{}}]}`, "Airbyte-Stream", name)
	if want := `{"stream":"` + name + `","data":{}}` + "\n"; rows.String() != want {
		t.Errorf("written %s", rows.String())
	}
	if got := r.Requests()[0].Stream; got != name[:200]+"…" {
		t.Errorf("shown %s", got)
	}
}

func TestBodies(t *testing.T) {
	var zipped, zstded bytes.Buffer
	zw := gzip.NewWriter(&zipped)
	_, _ = zw.Write([]byte(twoRows))
	_ = zw.Close()
	sw, _ := zstd.NewWriter(&zstded)
	_, _ = sw.Write([]byte(twoRows))
	_ = sw.Close()

	tests := map[string]struct {
		body, encoding string
		status, rows   int
	}{
		"identity":         {twoRows, "identity", 200, 2},
		"gzip":             {zipped.String(), "gzip", 200, 2},
		"zstd":             {zstded.String(), "zstd", 200, 2},
		"unknown encoding": {twoRows, "br", 415, 0},
		"not gzip":         {twoRows, "gzip", 400, 0},
		"cut gzip":         {zipped.String()[:40], "gzip", 400, 0},
		"above the limit":  {strings.Repeat(" ", 1001), "", 413, 0},
		"empty":            {"", "", 400, 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := receiver.New(receiver.Options{MaxBody: 1000})
			resp := post(t, r, tt.body, "Content-Encoding", tt.encoding)
			if resp.StatusCode != tt.status || len(r.Accepted()) != tt.rows {
				t.Errorf("status %d, %d rows: %s", resp.StatusCode, len(r.Accepted()), text(t, resp))
			}
			if q := r.Requests()[0]; q.WireBytes == 0 && tt.body != "" {
				t.Error("no bytes on the wire")
			}
		})
	}
}

func TestMethodsWithoutBody(t *testing.T) {
	r := receiver.New(receiver.Options{})
	for _, method := range []string{"GET", "HEAD", "OPTIONS"} {
		w := httptest.NewRecorder()
		r.ServeHTTP(w, httptest.NewRequest(method, "http://localhost/any/path", nil))
		if w.Code != 200 {
			t.Errorf("%s: status %d", method, w.Code)
		}
	}
}

func TestDiscardCountsOnly(t *testing.T) {
	r := receiver.New(receiver.Options{Discard: true})
	resp := post(t, r, "not even JSON")
	want := receiver.Totals{Requests: 1, Answered: 1, Bytes: 13, WireBytes: 13, Streams: []receiver.StreamTotals{}}
	if diff := cmp.Diff(want, r.Totals()); diff != "" || resp.StatusCode != 200 || len(r.Requests()) != 0 {
		t.Error(resp.StatusCode, len(r.Requests()), diff)
	}
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errors.New("no space left") }

func TestRowsThatCannotBeWrittenAreNotAccepted(t *testing.T) {
	r := receiver.New(receiver.Options{Rows: brokenWriter{}})
	resp := post(t, r, twoRows)
	if resp.StatusCode != 500 || len(r.Accepted()) != 0 || r.Totals().Rows != 0 {
		t.Errorf("status %d, %d rows", resp.StatusCode, len(r.Accepted()))
	}
	if body := text(t, resp); !strings.Contains(body, "no space left") {
		t.Errorf("body %s", body)
	}
}

func TestLogLinesStayPlain(t *testing.T) {
	var log bytes.Buffer
	r := receiver.New(receiver.Options{Log: &log})
	post(t, r, twoRows, "Airbyte-Stream", "%1B%5B2J%0Ausers%E2%80%AEgpj.exe")
	if strings.ContainsAny(strings.TrimSuffix(log.String(), "\n"), "\x1b\n\u202e") ||
		!strings.Contains(log.String(), `users\u202egpj`) || strings.Contains(log.String(), "key=1") {
		t.Errorf("log line %q", log.String())
	}
}

func TestWaitSeesEveryChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := receiver.New(receiver.Options{Faults: receiver.Faults{Latency: time.Minute}})
		start := time.Now()
		go post(t, r, twoRows)
		if err := r.Wait(t.Context(), func(s receiver.Totals) bool { return s.Requests == 1 }); err != nil {
			t.Fatal(err)
		}
		if got := time.Since(start); got != 0 {
			t.Errorf("arrival seen after %v", got)
		}
		if err := r.Wait(t.Context(), func(s receiver.Totals) bool { return s.Rows == 2 }); err != nil {
			t.Fatal(err)
		}
		if got := time.Since(start); got != time.Minute {
			t.Errorf("rows seen after %v, want the latency", got)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := r.Wait(ctx, func(receiver.Totals) bool { return false }); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v", err)
		}
	})
}

// What is kept counts for what it holds, not for the buffer that it was read into.
func TestLargeBodiesAreKept(t *testing.T) {
	const bound = 8 << 20
	r := receiver.New(receiver.Options{KeepBytes: bound})
	body := `{"sync_mode":"insert","rows":[{"data":{"x":"` + strings.Repeat("x", 3<<20) + `"}}]}`
	for range 2 {
		// Of unknown length.
		req := httptest.NewRequest("POST", "http://localhost/hook", io.MultiReader(strings.NewReader(body)))
		r.ServeHTTP(httptest.NewRecorder(), req)
	}
	if n := len(r.Requests()); n != 2 {
		t.Errorf("%d requests of %d bytes are kept within %d", n, len(body), bound)
	}
}

// Waiting for a sender to be gone means waiting for its connections.
func TestOpenConnectionsAreCounted(t *testing.T) {
	s, err := receiver.Listen(t.Context(), "127.0.0.1:0", receiver.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	client := &http.Client{Transport: &http.Transport{}}
	res, err := client.Post(s.URL(), "application/json", strings.NewReader(`{"sync_mode":"insert","rows":[]}`))
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if n := s.Totals().Open; n != 1 {
		t.Errorf("%d connections are open, want 1", n)
	}
	client.CloseIdleConnections()
	if err := s.Wait(t.Context(), func(t receiver.Totals) bool { return t.Open == 0 }); err != nil {
		t.Error(err)
	}
}
