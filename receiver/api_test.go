package receiver_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"destination-webhook/receiver"
)

func TestAPIFindsRequests(t *testing.T) {
	r := receiver.New(receiver.Options{})
	post(t, r, twoRows, "Airbyte-Stream", "users", "Airbyte-Namespace", "shop", "Authorization", "Bearer hush-hush")
	post(t, r, `{"sync_mode":"insert","rows":[{"data":{"city":"Oslo"},"primary_key":7}]}`, "Airbyte-Stream", "orders")
	post(t, r, `{"sync_mode":"insert","rows":[{"data":{"city":"OSLO"},"primary_key":"7"}]}`, "Airbyte-Stream", "orders")
	tests := map[string]string{
		"":                             "[1,2,3]",
		"stream=users":                 "[1]",
		"stream=shop.users":            "[1]",
		"stream=orders&status=failed":  "[2]",
		"status=200":                   "[1,3]",
		"status=4xx":                   "[2]",
		"status=pending":               "[]",
		"text=oslo":                    "[2,3]",
		"text=hush":                    "[]",
		"key=2+%C2%B7+x":               "[1]",
		"after=1":                      "[2,3]",
		"after=2&status=200":           "[3]",
		"key=7":                        "[3]",
		"key=7&status=failed":          "[]",
		"text=%22Ada%22&stream=users":  "[1]",
		"text=key%3D1":                 "[]", // the query of the URL is masked
		"stream=nobody&text=everybody": "[]",
	}
	for query, want := range tests {
		resp := ask(r, "GET", "/_/api/requests?format=ids&"+query, "localhost", "")
		if got := strings.TrimSpace(text(t, resp)); got != want {
			t.Errorf("%s finds %s, want %s", query, got, want)
		}
	}
	for _, format := range []string{"json", "ndjson", "har"} {
		resp := ask(r, "GET", "/_/api/requests?format="+format, "localhost", "")
		body := text(t, resp)
		if !strings.Contains(body, "Ada") || !strings.Contains(body, "••••") || strings.Contains(body, "hush-hush") || strings.Contains(body, "key=1") {
			t.Errorf("%s: %s", format, body)
		}
		if format != "ndjson" && !json.Valid([]byte(body)) || format == "ndjson" && strings.Count(body, "\n") != 3 {
			t.Errorf("%s: %s", format, body)
		}
	}
	for _, query := range []string{"format=xml", "after=x"} {
		if resp := ask(r, "GET", "/_/api/requests?"+query, "localhost", ""); resp.StatusCode != 400 {
			t.Errorf("%s: status %d", query, resp.StatusCode)
		}
	}
}

func TestAPIWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := receiver.New(receiver.Options{})
		answers := make(chan *http.Response)
		wait := func(query string) {
			go func() { answers <- ask(r, "GET", "/_/api/wait?"+query, "localhost", "") }()
		}
		wait("rows=4&timeout=1m")
		post(t, r, twoRows)
		synctest.Wait()
		select {
		case <-answers:
			t.Fatal("it does not wait for the other rows")
		default:
		}
		post(t, r, twoRows)
		resp := <-answers
		var totals receiver.Totals
		if err := json.Unmarshal([]byte(text(t, resp)), &totals); err != nil || resp.StatusCode != 200 || totals.Rows != 4 {
			t.Errorf("status %d, totals %+v, %v", resp.StatusCode, totals, err)
		}
		start := time.Now()
		wait("requests=3&timeout=10s")
		if resp := <-answers; resp.StatusCode != 408 || time.Since(start) != 10*time.Second {
			t.Errorf("status %d after %v", resp.StatusCode, time.Since(start))
		}
		wait("rows=many")
		if resp := <-answers; resp.StatusCode != 400 {
			t.Errorf("status %d", resp.StatusCode)
		}
	})
}

// After a reset nothing is known, not even of requests that were under way. IDs go on.
func TestAPIResets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := receiver.New(receiver.Options{})
		post(t, r, twoRows, "Webhook-Id", "a")
		r.SetFaults(receiver.Faults{Latency: time.Minute})
		done := make(chan int)
		go func() { done <- post(t, r, twoRows, "Webhook-Id", "b").StatusCode }()
		synctest.Wait()
		if resp := ask(r, "POST", "/_/api/reset", "localhost", "", "Sec-Fetch-Site", "cross-site"); resp.StatusCode != 403 || len(r.Requests()) != 2 {
			t.Errorf("another site resets it: status %d", resp.StatusCode)
		}
		if resp := ask(r, "POST", "/_/api/reset", "localhost", ""); resp.StatusCode != 204 {
			t.Errorf("status %d", resp.StatusCode)
		}
		if status := <-done; status != 200 {
			t.Errorf("the request under way was answered %d", status)
		}
		if diff := cmp.Diff(receiver.Totals{Streams: []receiver.StreamTotals{}}, r.Totals()); diff != "" || len(r.Requests()) != 0 {
			t.Errorf("%d requests, %s", len(r.Requests()), diff)
		}
		r.SetFaults(receiver.Faults{})
		post(t, r, twoRows, "Webhook-Id", "a")
		if q := r.Requests()[0]; q.ID != 3 || q.Attempt != 1 || q.Duplicate {
			t.Errorf("afterwards %+v", q)
		}
	})
}
