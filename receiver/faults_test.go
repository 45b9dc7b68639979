package receiver_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"destination-webhook/destination/jsonschema"
	"destination-webhook/receiver"
)

// Rows that do not fit the schema are named; a removed row may have nothing but its key.
func TestAnswersBySchema(t *testing.T) {
	schema, err := jsonschema.Compile([]byte(`{"required":["id"]}`))
	if err != nil {
		t.Fatal(err)
	}
	r := receiver.New(receiver.Options{Schema: schema})
	for body, want := range map[string]string{
		`{"sync_mode":"mirror","rows":[{"data":{"id":1}},{"data":{}},{"data":{},"operation":"removed"}]}`: `{"rejected":[{"index":1,"reason":"the row: \"id\" is missing"}]}` + "\n",
		`[{"id":1},{"id":2}]`: "{}\n",
		`[{"id":1},{"i":2}]`:  `{"rejected":[{"index":1,"reason":"the row: \"id\" is missing"}]}` + "\n",
	} {
		resp := post(t, r, body)
		if diff := cmp.Diff(want, text(t, resp)); diff != "" || resp.StatusCode != 200 {
			t.Errorf("status %d, body: %s", resp.StatusCode, diff)
		}
	}
	if totals := r.Totals(); totals.Rows != 5 {
		t.Errorf("%d rows are accepted, want 5", totals.Rows)
	}
}

func TestAnswers(t *testing.T) {
	const three = `{"sync_mode":"insert","rows":[{"data":{"k":"a"}},{"data":{"k":"bad","n":{"m":7}}},{"data":{"k":"c"}}]}`
	tests := map[string]struct {
		faults   string
		status   int
		header   string // "Name: value"
		body     string
		accepted int
	}{
		"well":             {"", 200, "Content-Type: application/json", "{}\n", 3},
		"status":           {"status=500 retry-after=7", 500, "Retry-After: 7", `{"error":"this receiver was told to fail"}` + "\n", 0},
		"another 2xx":      {"status=204", 204, "", "", 3},
		"redirect":         {"answer=redirect status=308", 308, "Location: http://localhost/moved", "", 0},
		"redirect default": {"answer=redirect", 302, "Location: http://localhost/moved", "", 0},
		"wrong JSON":       {"answer=wrong-json", 200, "", `{"rejected": [{"index": `, 3},
		"batch refused":    {"reject=k=bad", 400, "", `{"error":"row 1: k is \"bad\""}` + "\n", 0},
		"row refused":      {"reject=n.m=7 reject-rows=true", 200, "", `{"rejected":[{"index":1,"reason":"n.m is \"7\""}]}` + "\n", 2},
		"nothing refused":  {"reject=k=fine", 200, "", "{}\n", 3},
		"too large":        {"max-bytes=100", 413, "", `{"error":"the body is larger than 100 bytes"}` + "\n", 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			faults, err := receiver.ParseFaults(tt.faults)
			if err != nil {
				t.Fatal(err)
			}
			r := receiver.New(receiver.Options{Faults: faults})
			resp := post(t, r, three)
			if diff := cmp.Diff(tt.body, text(t, resp)); diff != "" || resp.StatusCode != tt.status {
				t.Errorf("status %d, body: %s", resp.StatusCode, diff)
			}
			if name, value, _ := strings.Cut(tt.header, ": "); resp.Header.Get(name) != value {
				t.Errorf("header %v, want %s", resp.Header, tt.header)
			}
			if got := len(r.Accepted()); got != tt.accepted || r.Totals().Rows != int64(tt.accepted) {
				t.Errorf("%d rows accepted, %d counted, want %d", got, r.Totals().Rows, tt.accepted)
			}
		})
	}
}

func TestChoosesWhichRequestsFail(t *testing.T) {
	statuses := func(faults string) (got []int) {
		f, err := receiver.ParseFaults(faults)
		if err != nil {
			t.Fatal(err)
		}
		r := receiver.New(receiver.Options{})
		post(t, r, twoRows) // counting starts with SetFaults
		r.SetFaults(f)
		for range 6 {
			got = append(got, post(t, r, twoRows).StatusCode)
		}
		return got
	}
	if diff := cmp.Diff([]int{200, 200, 503, 200, 200, 503}, statuses("every=3")); diff != "" {
		t.Error("every=3:", diff)
	}
	if diff := cmp.Diff([]int{500, 500, 500, 500, 500, 500}, statuses("status=500")); diff != "" {
		t.Error("status=500:", diff)
	}
	if diff := cmp.Diff(statuses("percent=50 seed=9"), statuses("percent=50 seed=9")); diff != "" {
		t.Error("the same seed:", diff)
	}
	failed := 0
	for seed := range 50 {
		for _, status := range statuses(fmt.Sprintf("percent=50 seed=%d", seed)) {
			if status == 503 {
				failed++
			}
		}
	}
	if failed < 110 || failed > 190 {
		t.Errorf("%d of 300 fail at 50 percent", failed)
	}
}

func TestBrokenAnswers(t *testing.T) {
	big := `{"sync_mode":"insert","rows":[{"data":{"x":"` + strings.Repeat("x", 8<<20) + `"}}]}`
	tests := map[string]struct {
		answer   receiver.Answer
		body     string
		check    func(*http.Response, error) bool
		accepted int64
	}{
		"close": {receiver.AnswerClose, big, func(_ *http.Response, err error) bool {
			return err != nil // which error depends on who notices first
		}, 0},
		"half": {receiver.AnswerHalf, twoRows, func(resp *http.Response, err error) bool {
			if err != nil {
				return false
			}
			_, err = io.ReadAll(resp.Body)
			return resp.StatusCode == 200 && errors.Is(err, io.ErrUnexpectedEOF)
		}, 2},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := listen(t, receiver.Options{Faults: receiver.Faults{Answer: tt.answer}})
			resp, err := http.Post(s.URL(), "application/json", strings.NewReader(tt.body))
			if err == nil {
				defer resp.Body.Close()
			}
			if !tt.check(resp, err) {
				t.Errorf("%+v, %v", resp, err)
			}
			if err := s.Wait(t.Context(), func(totals receiver.Totals) bool { return totals.Answered == 1 }); err != nil {
				t.Fatal(err)
			}
			if got := s.Totals(); got.Rows != tt.accepted {
				t.Errorf("%d rows accepted", got.Rows)
			}
		})
	}
}

func TestHangEndsWithTheClient(t *testing.T) {
	s := listen(t, receiver.Options{Faults: receiver.Faults{Answer: receiver.AnswerHang}})
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		defer cancel()
		_ = s.Wait(ctx, func(totals receiver.Totals) bool { return totals.Requests == 1 })
	}()
	req, _ := http.NewRequestWithContext(ctx, "POST", s.URL(), strings.NewReader(twoRows))
	if resp, err := http.DefaultClient.Do(req); !errors.Is(err, context.Canceled) {
		t.Errorf("%+v, %v", resp, err)
	}
	if err := s.Wait(t.Context(), func(totals receiver.Totals) bool { return totals.Failed == 1 }); err != nil {
		t.Fatal(err)
	}
	if q := s.Requests()[0]; q.Status != 0 || !q.Done || q.Fault != "hang" {
		t.Errorf("recorded as %+v", q)
	}
}

func TestCloseReleasesThoseWhoWait(t *testing.T) {
	for _, faults := range []receiver.Faults{{Answer: receiver.AnswerHang}, {Latency: time.Hour}} {
		s := listen(t, receiver.Options{Faults: faults})
		answered := make(chan error)
		go func() {
			resp, err := http.Post(s.URL(), "application/json", strings.NewReader(twoRows))
			if err == nil {
				_ = resp.Body.Close()
			}
			answered <- err
		}()
		if err := s.Wait(t.Context(), func(totals receiver.Totals) bool { return totals.Requests == 1 }); err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if err := <-answered; (err != nil) != (faults.Answer == receiver.AnswerHang) {
			t.Errorf("%v: %v", faults, err)
		}
	}
}

func TestCapacity(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := receiver.New(receiver.Options{Faults: receiver.Faults{Capacity: 2, Latency: time.Minute, RetryAfter: "5"}})
		statuses := make(chan int)
		for range 3 {
			go func() { statuses <- post(t, r, twoRows).StatusCode }()
		}
		got := map[int]int{}
		for range 3 {
			got[<-statuses]++
		}
		if diff := cmp.Diff(map[int]int{200: 2, 429: 1}, got); diff != "" {
			t.Error(diff)
		}
		if resp := post(t, r, twoRows); resp.StatusCode != 200 {
			t.Errorf("status %d once there is room", resp.StatusCode)
		}
	})
}

// Those that are refused take no place and do not wait: the capacity is used to the full.
func TestCapacityWithLatency(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := receiver.New(receiver.Options{Faults: receiver.Faults{Capacity: 2, Latency: time.Second}})
		for i := range 100 {
			go func() {
				time.Sleep(time.Duration(i) * 100 * time.Millisecond)
				began := time.Now()
				if resp := post(t, r, twoRows); resp.StatusCode == 429 && time.Since(began) > 0 {
					t.Errorf("refused after %v", time.Since(began))
				}
			}()
		}
		if err := r.Wait(t.Context(), func(s receiver.Totals) bool { return s.Answered == 100 }); err != nil {
			t.Fatal(err)
		}
		if s := r.Totals(); s.Answered-s.Failed != 20 {
			t.Errorf("%d of 100 were taken, want 2 in each of 10 seconds", s.Answered-s.Failed)
		}
	})
}

func TestListenRefusesWhatOthersReach(t *testing.T) {
	for _, addr := range []string{"0.0.0.0:0", ":0", "[::]:0", "192.0.2.1:0"} {
		if s, err := receiver.Listen(t.Context(), addr, receiver.Options{}); err == nil {
			_ = s.Close()
			t.Errorf("listens on %s", addr)
		}
	}
}

func listen(t *testing.T, o receiver.Options) *receiver.Server {
	t.Helper()
	s, err := receiver.Listen(t.Context(), "127.0.0.1:0", o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		http.DefaultClient.CloseIdleConnections()
		_ = s.Close()
	})
	return s
}
