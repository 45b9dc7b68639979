package receiver_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"destination-webhook/receiver"
	"destination-webhook/receiver/journal"
)

// stateOf is a STATE as a sync prints it.
func stateOf(stream string, delivered int) string {
	kind := `"type":"GLOBAL"`
	if stream != "" {
		kind = fmt.Sprintf(`"type":"STREAM","stream":{"stream_descriptor":{"name":%q,"namespace":"shop"},"stream_state":{"at":7}}`, stream)
	}
	return fmt.Sprintf(`{"type":"STATE","state":{%s,"destinationStats":{"recordCount":%d.0,"additionalStats":{"rows_delivered":%d.0,"rows_skipped":3.0,"batches":1.0}}}}`,
		kind, delivered+3, delivered)
}

// claim gives the receiver the output of a sync and returns the comparison.
func claim(t *testing.T, r http.Handler, lines ...string) (c journal.Comparison) {
	t.Helper()
	resp := ask(r, "POST", "/_/api/states", "localhost", strings.Join(lines, "\n")+"\n")
	if resp.StatusCode != 200 {
		t.Fatalf("status %d: %s", resp.StatusCode, text(t, resp))
	}
	if err := json.Unmarshal([]byte(text(t, resp)), &c); err != nil {
		t.Fatal(err)
	}
	var again journal.Comparison
	if err := json.Unmarshal([]byte(text(t, ask(r, "GET", "/_/api/states", "localhost", ""))), &again); err != nil || !cmp.Equal(c, again) {
		t.Errorf("GET: %v, %s", err, cmp.Diff(c, again))
	}
	return c
}

func compared(stream string, claimed, arrived, missing, unclaimed int64, verdict string) journal.Compared {
	namespace := "shop"
	if stream == "" {
		namespace = ""
	}
	return journal.Compared{Namespace: namespace, Stream: stream, Claimed: claimed, Arrived: arrived, Missing: missing, Unclaimed: unclaimed, Verdict: verdict}
}

// What arrived is held against what the states claim: rows that came twice count once, lost ones
// are missing, and those that follow the last state are claimed by none.
func TestStatesAreComparedWithWhatArrived(t *testing.T) {
	r := receiver.New(receiver.Options{})
	in := func(stream string) []string { return []string{"Airbyte-Namespace", "shop", "Airbyte-Stream", stream} }
	users := upsert(keyed("1", "added", "1", "1"), keyed("2", "added", "2", "2"))
	post(t, r, users, append(in("users"), "Webhook-Id", "a")...)
	post(t, r, users, append(in("users"), "Webhook-Id", "a")...) // its first answer was lost
	post(t, r, upsert(keyed("1", "added", "1", "1")), append(in("orders"), "Webhook-Id", "b")...)
	for _, test := range []struct {
		name, output string
		equal        bool
		want         []journal.Compared
	}{
		{"before the last state", stateOf("users", 2), false, []journal.Compared{compared("orders", 0, 1, 0, 1, "unclaimed"), compared("users", 2, 2, 0, 0, "equal")}},
		{"the same", "some other line\n" + stateOf("orders", 1), true, []journal.Compared{compared("orders", 1, 1, 0, 0, "equal"), compared("users", 2, 2, 0, 0, "equal")}},
		{"a lost row", stateOf("orders", 1), false, []journal.Compared{compared("orders", 2, 1, 1, 0, "missing"), compared("users", 2, 2, 0, 0, "equal")}},
		{"a stream that never came", stateOf("items", 5), false, []journal.Compared{compared("items", 5, 0, 5, 0, "missing"), compared("orders", 2, 1, 1, 0, "missing"), compared("users", 2, 2, 0, 0, "equal")}},
	} {
		got := claim(t, r, test.output)
		if diff := cmp.Diff(test.want, got.Streams); diff != "" || got.Equal != test.equal {
			t.Errorf("%s: equal %v, %s", test.name, got.Equal, diff)
		}
	}
	ask(r, "POST", "/_/api/reset", "localhost", "")
	if got := text(t, ask(r, "GET", "/_/api/states", "localhost", "")); got != `{"states":0,"equal":true,"streams":[]}`+"\n" {
		t.Errorf("after a reset: %s", got)
	}
}

// Removals follow the last state, and no state counts them.
func TestRemovalsAreNotClaimed(t *testing.T) {
	r := receiver.New(receiver.Options{})
	post(t, r, upsert(keyed("1", "added", "1", "1"), keyed("2", "removed", "2", "2")), "Airbyte-Namespace", "shop", "Airbyte-Stream", "users")
	got := claim(t, r, strings.Replace(stateOf("users", 1), `"additionalStats"`, `"rejectedRecordCount":4.0,"additionalStats"`, 1))
	want := compared("users", 1, 2, 0, 1, "removals")
	want.Rejected = 4
	if diff := cmp.Diff([]journal.Compared{want}, got.Streams); diff != "" || !got.Equal {
		t.Error(got.Equal, diff)
	}
}

// A GLOBAL state speaks for all streams, so they are compared together.
func TestGlobalStatesAreComparedWithAllStreams(t *testing.T) {
	r := receiver.New(receiver.Options{})
	post(t, r, upsert(keyed("1", "added", "1", "1")), "Airbyte-Stream", "users")
	post(t, r, upsert(keyed("1", "added", "1", "1"), keyed("2", "added", "1", "1")), "Airbyte-Stream", "orders")
	got := claim(t, r, stateOf("", 2), stateOf("users", 1))
	if diff := cmp.Diff([]journal.Compared{compared("", 3, 3, 0, 0, "equal")}, got.Streams); diff != "" || !got.Equal {
		t.Error(got.Equal, diff)
	}
	if resp := ask(r, "POST", "/_/api/states", "localhost", "the sync has ended\n"); resp.StatusCode != 400 || !strings.Contains(text(t, resp), "there is no STATE among the lines") {
		t.Errorf("without a state: status %d", resp.StatusCode)
	}
}

// A receiver that was restarted knows whether it still knows all that came.
func TestStatesAfterARestart(t *testing.T) {
	for kept, want := range map[int]journal.Compared{
		2: compared("users", 2, 2, 0, 0, "equal"),
		1: compared("users", 2, 1, 1, 0, "unknown"),
	} {
		j := journal.New(kept, 1<<20)
		for i := range 2 {
			q := &journal.Request{WebhookID: fmt.Sprint(i), Namespace: "shop", Stream: "users", SyncMode: "upsert", Rows: 1, Body: []byte(upsert(keyed("1", "added", "1", "1")))}
			j.Arrive(q)
			j.Complete(q, journal.Outcome{Status: 200}, []journal.Row{{}}, time.Time{})
		}
		var records []journal.Record
		for _, q := range j.Requests() {
			record, _ := j.Record(q.ID)
			records = append(records, record)
		}
		restarted := journal.New(kept, 1<<20)
		restarted.Restore(records, time.Time{})
		got, err := restarted.Claim(strings.NewReader(stateOf("users", 2)))
		if diff := cmp.Diff([]journal.Compared{want}, got.Streams); diff != "" || err != nil {
			t.Errorf("%d kept: %v, %s", kept, err, diff)
		}
	}
}

// The page takes a sync's output, and says of each stream and of its table whether it is whole.
func TestPageComparesWithStates(t *testing.T) {
	c, _, from := openPage(t, receiver.Options{})
	from.send("a", "users", "upsert", keyed("1", "added", "10", "100"), keyed("2", "added", "20", "100"))
	c.until(`document.querySelectorAll("#streams li").length === 1`)
	give := func(output string) {
		t.Helper()
		c.eval(`(() => {
			const files = new DataTransfer();
			files.items.add(new File([` + quote(output) + `], "out.jsonl"));
			const field = document.getElementById("output");
			field.files = files.files;
			field.dispatchEvent(new Event("change", { bubbles: true }));
		})()`)
	}
	give("no states here")
	c.until(`document.getElementById("states-error").textContent.includes("there is no STATE among the lines")`)
	give(stateOf("users", 2) + "\n")
	c.until(`document.getElementById("states-error").textContent === "" && document.getElementById("claims").textContent === "1 state was given. "`)
	c.until(`document.querySelector("#streams .tag.good").textContent === "the states claim the same 2 rows"`)
	c.click("[aria-label='Table of shop.users']")
	c.until(`document.querySelector("dialog[open] .tag.good")?.textContent === "the states claim the same 2 rows"`)
	c.press("Escape", "Escape", 27)
	give(stateOf("users", 1) + "\n")
	c.until(`document.querySelector("#streams .tag.bad").textContent === "1 row missing: the states claim 3"`)
	c.screenshot("states-light.png")
}
