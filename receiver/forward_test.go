package receiver_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"destination-webhook/destination/signature"
	"destination-webhook/receiver"
	"destination-webhook/receiver/faults"
	"destination-webhook/receiver/relay"
)

// target is a local server of somebody who develops an endpoint. It keeps what it got last.
type target struct {
	*httptest.Server
	header http.Header
	body   string
	answer func(http.ResponseWriter)
}

func newTarget(t *testing.T, answer func(http.ResponseWriter)) *target {
	t.Helper()
	s := &target{answer: answer}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, _ := io.ReadAll(req.Body)
		s.header, s.body = req.Header, string(body)
		s.answer(w)
	}))
	t.Cleanup(s.Close)
	return s
}

func newRelay(t *testing.T, url string, secrets ...string) *relay.Relay {
	t.Helper()
	r, err := relay.New(url, false, secrets)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	return r
}

// The target gets the request as it was sent, and its answer is the sender's.
func TestForward(t *testing.T) {
	there := newTarget(t, func(w http.ResponseWriter) {
		w.Header().Set("Content-Type", "application/vnd.x+json")
		_, _ = io.WriteString(w, `{"rejected":[{"index":1,"reason":"Ben"},{"index":7},{"index":"0"}]}`)
	})
	// Forwarded whole though not kept.
	r := receiver.New(receiver.Options{Forward: newRelay(t, there.URL+"/hook"), KeepBytes: 100})
	resp := post(t, r, twoRows, "Airbyte-Stream", "users", "Webhook-Id", "a", "Webhook-Signature", "v1,theirs", "Authorization", "Bearer x", "Connection", "X-Hop", "X-Hop", "1")
	if got := text(t, resp); resp.StatusCode != 200 || !strings.HasPrefix(got, `{"rejected":[{"index":1,`) || resp.Header.Get("Content-Type") != "application/vnd.x+json" {
		t.Errorf("the sender got %d %s %v", resp.StatusCode, got, resp.Header)
	}
	for name, want := range map[string]string{"Airbyte-Stream": "users", "Webhook-Id": "a", "Webhook-Signature": "v1,theirs", "Authorization": "Bearer x", "X-Hop": ""} {
		if got := there.header.Get(name); got != want {
			t.Errorf("%s arrived as %q", name, got)
		}
	}
	if q := r.Requests()[0]; there.body != twoRows || len(q.Rejected) != 1 || q.Rejected[0].Index != 1 || r.Totals().Rows != 1 {
		t.Errorf("body %s, rejected %v, %d rows", there.body, q.Rejected, r.Totals().Rows)
	}

	there.answer = func(w http.ResponseWriter) {
		w.Header().Set("Retry-After", "7")
		w.Header().Set("Location", "http://169.254.169.254/")
		w.WriteHeader(http.StatusFound)
	}
	if resp := post(t, r, twoRows); resp.StatusCode != 302 || resp.Header.Get("Retry-After") != "7" {
		t.Errorf("a redirect is answered %d", resp.StatusCode)
	}
	there.Close()
	if resp := post(t, r, twoRows); resp.StatusCode != 502 || !strings.Contains(text(t, resp), "forwarding the request") {
		t.Errorf("without a target the answer is %d", resp.StatusCode)
	}
	r.SetFaults(receiver.Faults{Status: 503})
	if resp := post(t, r, twoRows); resp.StatusCode != 503 {
		t.Errorf("a fault is answered %d", resp.StatusCode)
	}
}

// A request that is sent again keeps its id, and is signed at the time at which it is sent.
func TestReplay(t *testing.T) {
	there := newTarget(t, func(w http.ResponseWriter) { w.WriteHeader(http.StatusTeapot) })
	s := listen(t, receiver.Options{SigningSecrets: []string{rightSecret}})
	sender{t, s.URL(), rightSecret}.send("batch-1", "users", "upsert", rows(2, "added")...)
	if resp := ask(s, "POST", "/_/requests/1/replay", "localhost", ""); resp.StatusCode != 409 {
		t.Errorf("without a target: status %d", resp.StatusCode)
	}

	r := receiver.New(receiver.Options{SigningSecrets: []string{rightSecret}, Forward: newRelay(t, there.URL, rightSecret)})
	old := time.Now().Add(-4 * time.Minute)
	signer, err := signature.New(rightSecret)
	if err != nil {
		t.Fatal(err)
	}
	post(t, r, twoRows, "Webhook-Id", "batch-1", "Webhook-Timestamp", signature.Timestamp(old), "Webhook-Signature", signer.Sign("batch-1", old, []byte(twoRows)))
	resp := ask(r, "POST", "/_/requests/1/replay", "localhost", "")
	if got := text(t, resp); resp.StatusCode != 200 || !strings.Contains(got, `"status":418`) || !strings.Contains(got, `"signed":true`) {
		t.Errorf("status %d, %s", resp.StatusCode, got)
	}
	err = signature.Verify([]string{rightSecret}, there.header.Get("Webhook-Signature"), there.header.Get("Webhook-Id"),
		there.header.Get("Webhook-Timestamp"), []byte(there.body), time.Now(), time.Minute)
	if err != nil || there.header.Get("Webhook-Id") != "batch-1" {
		t.Errorf("the target finds the id %s and: %v", there.header.Get("Webhook-Id"), err)
	}
	if resp := ask(r, "POST", "/_/requests/1/replay", "localhost", "", "Sec-Fetch-Site", "cross-site"); resp.StatusCode != 403 {
		t.Errorf("another site replays it: status %d", resp.StatusCode)
	}
}

func TestScriptedAnswers(t *testing.T) {
	script, err := faults.ParseScript([]byte(`[
		{"stream": "users", "nth": 2, "status": 503, "body": {"error": "later"}},
		{"stream": "shop.users", "nth": 3, "delay": "1m"},
		{"key": "2 · x", "nth": 4, "status": 200, "body": {"rejected": [{"index": 1, "reason": "no"}]}},
		{"stream": "orders", "body": "taken"},
		{"stream": "broken", "reset": true}
	]`))
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		r := receiver.New(receiver.Options{Script: script})
		send := func(stream string) (int, string, time.Duration) {
			start := time.Now()
			resp := post(t, r, twoRows, "Airbyte-Stream", stream, "Airbyte-Namespace", "shop")
			return resp.StatusCode, strings.TrimSpace(text(t, resp)), time.Since(start)
		}
		for i, want := range []struct {
			stream string
			status int
			body   string
			took   time.Duration
		}{
			{"users", 200, "{}", 0}, {"users", 503, `{"error": "later"}`, 0}, {"users", 200, "{}", time.Minute},
			{"users", 200, `{"rejected": [{"index": 1, "reason": "no"}]}`, 0}, {"orders", 200, "taken", 0}, {"users", 200, "{}", 0},
		} {
			status, body, took := send(want.stream)
			if status != want.status || body != want.body || took != want.took {
				t.Errorf("request %d: %d %s after %v", i, status, body, took)
			}
		}
		func() {
			defer func() { _ = recover() }() // the server resets a connection that cannot be taken over
			send("broken")
			t.Error("a reset is answered")
		}()
		if totals := r.Totals(); totals.Failed != 2 || totals.Rejected != 1 || totals.Rows != 9 {
			t.Errorf("totals %+v", totals)
		}
	})
}

func TestScriptsThatAreWrong(t *testing.T) {
	for text, want := range map[string]string{
		`{}`: "reading the script: json", `[{"mood":1}]`: `unknown field "mood"`, `[{"status":99}]`: "step 0: expected a status", `[{},{"nth":-1}]`: "step 1: nth counts from 1",
		`[{"delay":"soon"}]`: "step 0: expected a duration", `[null]`: "step 0: expected an object", `[] []`: "something follows",
	} {
		if _, err := faults.ParseScript([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestOwnAnswerBody(t *testing.T) {
	r := receiver.New(receiver.Options{Faults: receiver.Faults{Body: `{"ok":true}`}})
	if got := text(t, post(t, r, twoRows)); got != `{"ok":true}` || r.Requests()[0].Answer != got {
		t.Errorf("answered %s", got)
	}
	r.SetFaults(receiver.Faults{Body: `{"ok":true}`, RejectField: "id", RejectValue: "1", RejectRows: true})
	if got := text(t, post(t, r, twoRows)); !json.Valid([]byte(got)) || !strings.Contains(got, `"rejected":[{"index":0`) {
		t.Errorf("a verdict is answered %s", got)
	}
}

func TestPageReplays(t *testing.T) {
	there := newTarget(t, func(w http.ResponseWriter) { _, _ = io.WriteString(w, `{"from":"the target"}`) })
	c, _, from := openPage(t, receiver.Options{Forward: newRelay(t, there.URL+"/hook", rightSecret)})
	c.until(`document.getElementById("target").textContent === "→ ` + there.URL + `/hook"`)
	from.send("batch-1", "users", "upsert", rows(2, "added")...)
	c.click("#list tr")
	c.tab("Answer")
	c.until(`document.getElementById("panel").innerText.includes("the target")`)
	c.click("[data-key=replay]")
	c.until(`document.getElementById("replayed").innerText.includes("answered 200 (signed again)")`)
	if there.header.Get("Webhook-Id") != "batch-1" {
		t.Errorf("the target got the id %s", there.header.Get("Webhook-Id"))
	}
}
