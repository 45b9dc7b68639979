package receiver_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"destination-webhook/receiver"
)

func keyed(id, operation, value, emitted string) string {
	return `{"data":{"id":` + id + `,"v":` + value + `},"operation":"` + operation + `","primary_key":"` + id + `","emitted_at":` + emitted + `}`
}

func upsert(rows ...string) string {
	return `{"sync_mode":"upsert","rows":[` + strings.Join(rows, ",") + `]}`
}

// What came for a key is told in the order of the answers, and whether an older row came after a
// newer.
func TestHistoryOfAKey(t *testing.T) {
	r := receiver.New(receiver.Options{})
	send := func(body string) { post(t, r, body, "Airbyte-Stream", "users") }
	send(upsert(keyed("1", "added", "10", "100"), keyed("2", "added", "20", "100")))
	send(upsert(keyed("1", "changed", "11", "300")))
	r.SetFaults(receiver.Faults{Status: 503})
	send(upsert(keyed("1", "changed", "12", "400")))
	r.SetFaults(receiver.Faults{RejectField: "v", RejectValue: "13", RejectRows: true})
	send(upsert(keyed("2", "changed", "21", "500"), keyed("1", "changed", "13", "500")))
	type entry struct {
		Request   int64
		Index     int
		Accepted  bool
		Rejected  string
		Overtaken bool
	}
	type told struct {
		Ordered   bool
		Overtaken int
		Versions  []entry
	}
	ask := func() (h told) {
		resp := ask(r, "GET", "/_/api/history?stream=users&namespace=&key=1", "localhost", "")
		if err := json.Unmarshal([]byte(text(t, resp)), &h); err != nil {
			t.Fatal(err)
		}
		return h
	}
	want := told{true, 0, []entry{{1, 0, true, "", false}, {2, 0, true, "", false}, {3, 0, false, "", false}, {4, 1, false, `v is "13"`, false}}}
	if diff := cmp.Diff(want, ask()); diff != "" {
		t.Error(diff)
	}
	send(upsert(keyed("1", "changed", "14", "200")))
	if h := ask(); h.Overtaken != 1 || !h.Versions[4].Overtaken || !h.Ordered {
		t.Errorf("an older row after a newer: %+v", h)
	}
	send(`{"sync_mode":"upsert","rows":[{"data":{},"primary_key":"1"}]}`)
	if ask().Ordered {
		t.Error("the order of a row without emitted_at is said to be known")
	}
}

// The table has what an endpoint has that applied all accepted rows.
func TestTableAsItIsNow(t *testing.T) {
	r := receiver.New(receiver.Options{KeepRequests: 3})
	send := func(body string) { post(t, r, body, "Airbyte-Stream", "users", "Airbyte-Namespace", "shop") }
	send(upsert(keyed("10", "added", "1", "1"), keyed("9", "added", "1", "1"), keyed("8", "added", "1", "1"), `{"data":{}}`))
	send(upsert(keyed("9", "changed", "2", "2"), keyed("8", "removed", "1", "2"), keyed("7", "removed", "1", "2")))
	r.SetFaults(receiver.Faults{Status: 503})
	send(upsert(keyed("10", "removed", "9", "9")))
	var got struct {
		Total, Removed, Keyless int
		Complete                bool
		Operations              map[string]int
	}
	if err := json.Unmarshal([]byte(text(t, ask(r, "GET", "/_/api/table?stream=users&namespace=shop", "localhost", ""))), &got); err != nil {
		t.Fatal(err)
	}
	want := got
	want.Total, want.Removed, want.Keyless, want.Complete = 2, 1, 1, true
	want.Operations = map[string]int{"added": 3, "changed": 1, "removed": 2, "": 1}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	file := text(t, ask(r, "GET", "/_/api/table?stream=users&namespace=shop&format=ndjson", "localhost", ""))
	if file != `{"primary_key":"9","data":{"id":9,"v":2}}`+"\n"+`{"primary_key":"10","data":{"id":10,"v":1}}`+"\n" {
		t.Errorf("the file has %s", file)
	}
	send("nonsense") // the first request has to go
	if err := json.Unmarshal([]byte(text(t, ask(r, "GET", "/_/api/table?stream=users&namespace=shop", "localhost", ""))), &got); err != nil || got.Complete {
		t.Errorf("a table without its first rows is said to be complete: %v", err)
	}
}

func TestDifferencesOfTwoRequests(t *testing.T) {
	r := receiver.New(receiver.Options{Faults: receiver.Faults{Every: 2}})
	post(t, r, upsert(keyed("1", "added", "10", "1")), "Webhook-Id", "a", "X-Key", "hush")
	post(t, r, upsert(keyed("1", "added", "11", "1")), "Webhook-Id", "a", "X-Key", "hash", "Webhook-Timestamp", "5")
	var got []struct{ What, Left, Right string }
	if err := json.Unmarshal([]byte(text(t, ask(r, "GET", "/_/requests/1/diff/2", "localhost", ""))), &got); err != nil {
		t.Fatal(err)
	}
	texts := []string{}
	for _, d := range got {
		texts = append(texts, d.What+": "+d.Left+" | "+strings.TrimSpace(d.Right))
	}
	want := []string{"status: 200 | 503", "Webhook-Timestamp:  | 5", "row 0 v: 10 | 11", "answer: {}\n | {\"error\":\"this receiver was told to fail\"}"}
	if diff := cmp.Diff(want, texts); diff != "" {
		t.Error(diff)
	}
	if resp := ask(r, "GET", "/_/requests/1/diff/9", "localhost", ""); resp.StatusCode != 404 {
		t.Errorf("status %d", resp.StatusCode)
	}
}

func TestPageShowsHistoryTableAndDiff(t *testing.T) {
	c, s, from := openPage(t, receiver.Options{Faults: receiver.Faults{Every: 3}})
	from.send("a", "users", "upsert", keyed("1", "added", "10", "100"), keyed("2", "added", "20", "100"))
	from.send("b", "users", "upsert", keyed("1", "changed", "11", "300"))
	from.send("c", "users", "upsert", keyed("1", "changed", "12", "200"))
	s.SetFaults(receiver.Faults{})
	from.send("c", "users", "upsert", keyed("1", "changed", "12", "200"))
	c.click("#list tr:last-child")
	c.until(`document.querySelectorAll("#panel td.key button").length === 2`)
	c.click("#panel td.key button")
	c.until(`document.querySelectorAll("dialog[open] tbody tr").length === 4`)
	c.until(`document.querySelector("dialog[open] [data-key=order]").textContent.includes("1 row was accepted after a newer one")`)
	c.until(`document.querySelectorAll("dialog[open] tr")[2].innerText.includes("10 → 11")`)
	c.screenshot("history-light.png")
	c.click("dialog[open] tbody tr:last-child button")
	c.until(`document.querySelector("dialog[open]") === null && document.querySelector("#detail h2").textContent.startsWith("#4 ")`)
	c.click("[data-key='diff 3']")
	c.until(`document.querySelector("dialog[open]").innerText.includes("503")`)
	c.press("Escape", "Escape", 27)
	c.click("[aria-label='Table of shop.users']")
	c.until(`document.querySelectorAll("dialog[open] tbody tr").length === 2 && document.querySelector("dialog[open]").innerText.includes("2 rows now")`)
	c.screenshot("table-light.png")
}
