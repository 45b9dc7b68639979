package receiver_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"destination-webhook/destination"
	"destination-webhook/destination/signature"
	"destination-webhook/destination/signature/signaturetest"
	"destination-webhook/receiver"
	"destination-webhook/sample"
)

const (
	rightSecret = signaturetest.Secret
	wrongSecret = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
)

// syncSample lets the program sync the sample into a receiver, with a snapshot so that it knows
// what is added and what is changed.
func syncSample(t *testing.T, url, secret string) error {
	t.Helper()
	spec, err := os.ReadFile("../spec.json")
	if err != nil {
		t.Fatal(err)
	}
	config := fmt.Sprintf(`{"url":"%s/hook?token=hush-hush","authorization_header":"Bearer hush-hush","signing":{"secret":%q},"batching":{"max_rows":200},
		"delivery":{"retry":{"initial_interval_ms":10}},"snapshot":{"type":"local","path":%q}}`, url, secret, t.TempDir())
	program := destination.Program{
		Spec: spec, Version: "1.2.3", Stdin: bytes.NewReader(sample.Records), Stdout: io.Discard, Getenv: func(string) string { return "" },
		ReadFile: func(path string) ([]byte, error) {
			return map[string][]byte{"config": []byte(config), "catalog": sample.Catalog}[path], nil
		},
	}
	return program.Write(t.Context(), "config", "catalog")
}

// sender posts single batches, for what a sync does not do by itself.
type sender struct {
	t      *testing.T
	url    string
	secret string
}

func (s sender) send(id, stream, mode string, rows ...string) {
	s.t.Helper()
	body := `{"sync_mode":"` + mode + `","rows":[` + strings.Join(rows, ",") + `]}`
	req, err := http.NewRequest("POST", s.url+"/hook?token=hush-hush", strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	signer, err := signature.New(s.secret)
	if err != nil {
		s.t.Fatal(err)
	}
	now := time.Now()
	for name, value := range map[string]string{
		"Content-Type": "application/json", "User-Agent": "destination-webhook/dev", "Authorization": "Bearer hush-hush",
		"X-Api-Key": "hush-hush", "Airbyte-Stream": stream, "Airbyte-Namespace": "shop", "Webhook-Id": id,
		"Webhook-Timestamp": signature.Timestamp(now), "Webhook-Signature": signer.Sign(id, now, []byte(body)),
	} {
		req.Header.Set(name, value)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	_ = resp.Body.Close()
}

// row is one row of a shop, made up from its number.
func row(i int, operation string) string {
	names := []string{"Ada", "Ben", "Chloé", "Dmitri", "Esi", "Farah", "Göran", "Hana"}
	name := names[i%len(names)]
	return fmt.Sprintf(`{"data":{"id":%d,"name":%q,"email":"%s%d@example.com","score":%d.50,"active":%t,"note":null,"address":{"city":"Oslo","zip":"0%d"}},"operation":%q,"primary_key":"%d"}`,
		9007199254740993+int64(i), name, strings.ToLower(name[:1]), i, 40+i*7%60, i%3 != 0, 150+i, operation, 9007199254740993+int64(i))
}

func rows(n int, operations ...string) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = row(i, operations[i%len(operations)])
	}
	return list
}

func TestPageInABrowser(t *testing.T) {
	c := startChromium(t)
	s := listen(t, receiver.Options{SigningSecrets: []string{rightSecret}})
	from := sender{t, s.URL(), rightSecret}

	c.look("light", 1440, 900)
	c.open(s.URL() + "/") // a person is led to the page
	c.until(`location.pathname === "/_/" && document.getElementById("live").textContent === "Live"`)
	c.until(`document.getElementById("empty").offsetHeight > 0`)
	c.screenshot("empty-light.png")
	c.look("dark", 1440, 900)
	c.screenshot("empty-dark.png")
	c.look("light", 1440, 900)

	t.Log("a fault is set, and a sync runs: rows, failed attempts and their retries appear without a reload")
	c.eval(`window.sameDocument = true`)
	c.eval(`document.querySelector("[name=status]").value = "503"; document.querySelector("[name=every]").value = "4"; document.getElementById("faults").requestSubmit()`)
	c.until(`document.getElementById("in-force").textContent === "Misbehaving: status=503 every=4"`)
	if err := syncSample(t, s.URL(), rightSecret); err != nil {
		t.Fatal(err)
	}
	totals := s.Totals()
	if totals.Failed == 0 || totals.Requests <= totals.Failed {
		t.Errorf("totals %+v", totals)
	}
	c.until(fmt.Sprintf(`document.querySelectorAll("#list tr").length === %d`, totals.Requests))
	c.until(fmt.Sprintf(`document.getElementById("total-rows").textContent.replace(",", "") === "%d"`, totals.Rows))
	c.until(fmt.Sprintf(`document.getElementById("total-failed").textContent === "%d"`, totals.Failed))
	c.until(`["shop.customers", "shop.orders", "added", "changed", "removed"].every((s) => document.getElementById("streams").innerText.includes(s))`)
	c.until(`(() => {
		const lines = [...document.querySelectorAll("#list tr")];
		const retry = lines.findIndex((l) => l.innerText.includes("attempt 2") && l.innerText.includes("200"));
		if (retry < 0) return false;
		lines[retry].click();
		return true;
	})()`)
	c.until(`document.getElementById("detail").innerText.includes("Attempts")`)
	c.until(`[...document.querySelectorAll("#detail .facts .tag")].map((t) => t.textContent).join(" ").startsWith("503 ")`)
	c.until(`document.getElementById("detail").innerText.includes("valid")`)

	c.until(`document.getElementById("keeps").innerText.includes("last 1,000 requests are kept, within 67.1 MB")`)

	t.Log("the charts draw it")
	c.until(`[...document.querySelectorAll("#chart-rows rect")].some((r) => r.getAttribute("height") >= 38)`)
	c.until(`[...document.querySelectorAll("#chart-bytes rect")].some((r) => r.getAttribute("height") >= 38)`)
	c.until(`/peak [1-9]/.test(document.querySelector("#chart-rows svg").getAttribute("aria-label"))`)

	t.Log("the wrong secret fails the sync, and its signature is invalid")
	c.eval(`document.querySelector("[data-preset='']").click()`)
	c.until(`document.getElementById("in-force").textContent === "Behaving"`)
	if err := syncSample(t, s.URL(), wrongSecret); err == nil || !strings.Contains(err.Error(), "401") {
		t.Errorf("the sync with the wrong secret: %v", err)
	}
	c.until(`document.getElementById("list").rows[0].innerText.includes("signature")`)
	c.eval(`document.getElementById("list").rows[0].click()`)
	c.until(`document.getElementById("detail").innerText.includes("no signature matches")`)

	t.Log("the keyboard opens a request")
	from.send("check", "", "insert")
	from.send("batch-1", "users", "upsert", rows(12, "added", "added", "changed", "removed")...)
	from.send("batch-2", "orders", "insert", rows(250, "added")...)
	c.until(`document.getElementById("list").rows[2].innerText.includes("connection check")`)
	c.eval(`document.getElementById("list").rows[0].focus()`)
	c.press("ArrowDown", "ArrowDown", 40)
	c.press("Enter", "Enter", 13)
	c.until(`document.querySelectorAll("#panel tbody tr").length === 12`)
	c.until(`document.getElementById("panel").innerText.includes("9007199254740993")`)
	c.until(`document.getElementById("detail").innerText.includes("valid")`)

	t.Log("a wrong value is refused at its field")
	c.eval(`document.querySelector("[name=latency]").value = "soon"; document.getElementById("faults").requestSubmit()`)
	c.until(`document.querySelector("[name=latency]").getAttribute("aria-invalid") === "true"`)
	c.until(`document.getElementById("fault-error").textContent.includes("expected a duration")`)
	if got := c.eval(`[...document.querySelectorAll("fieldset, button")].filter((e) => e.hasAttribute("aria-invalid")).length`); got != "0" {
		t.Errorf("%s elements that hold no value are marked as valid or not", got)
	}
	c.eval(`document.querySelector("[data-preset='']").click()`)
	c.until(`document.getElementById("in-force").textContent === "Behaving"`)

	t.Log("a duplicate is marked, beside the detail and on a phone too")
	from.send("batch-1", "users", "upsert", rows(12, "added", "added", "changed", "removed")...)
	for _, width := range []int{1440, 390} {
		c.look("light", width, 900)
		c.until(`(() => {
			const mark = [...document.getElementById("list").rows[0].querySelectorAll(".tag")].find((t) => t.textContent === "duplicate")?.getBoundingClientRect();
			const list = document.getElementById("requests").getBoundingClientRect();
			return mark.width > 40 && mark.left >= list.left && mark.right <= list.right;
		})()`)
		c.until(`document.documentElement.scrollWidth <= innerWidth`)
	}

	t.Log("on a phone the detail comes into sight")
	c.eval(`scrollTo(0, 0); document.getElementById("list").rows[0].click()`)
	c.until(`document.getElementById("detail").innerText.includes("#" + document.getElementById("list").rows[0].dataset.id + " POST")`)
	c.until(`document.getElementById("detail").getBoundingClientRect().top < 200`)
	c.screenshot("phone-detail-light.png")
	c.look("light", 1440, 900)
	c.until(`document.querySelector("form .actions .primary").getBoundingClientRect().bottom <= innerHeight`)

	t.Log("Escape in the filter leaves the detail")
	c.eval(`document.getElementById("filter").focus()`)
	c.press("Escape", "Escape", 27)
	c.until(`!document.getElementById("detail").hidden`)

	t.Log("rows refused by a verdict are marked")
	s.SetFaults(receiver.Faults{RejectField: "name", RejectValue: "Ben", RejectRows: true})
	from.send("batch-6", "users", "upsert", rows(12, "added", "changed", "removed")...)
	c.until(`document.getElementById("list").rows[0].innerText.includes("2 rejected")`)
	c.eval(`document.getElementById("list").rows[0].click()`)
	c.until(`(() => {
		const cells = [...document.querySelectorAll("#panel tr.rejected")].map((l) => l.innerText);
		return cells.length === 2 && cells[0].includes("changed") && cells.every((t) => t.includes('name is "Ben"'));
	})()`)

	t.Log("content from the wire is never markup")
	markup := `<img src=x onerror=\"window.pwned=1\"><script>window.pwned=1</script>`
	from.send(`<script>window.pwned=1</script>`, `%3Cscript%3Ewindow.pwned=1%3C/script%3E`, "insert",
		`{"data":{"`+markup+`":"`+markup+`"},"operation":"added","primary_key":"`+markup+`"}`)
	c.until(`document.getElementById("list").rows[0].innerText.includes("<script>window.pwned=1</script>")`)
	c.eval(`document.getElementById("list").rows[0].click()`)
	c.until(`document.getElementById("panel").innerText.includes("<img src=x")`)
	for _, tab := range []string{"Body", "Headers"} {
		c.eval(`[...document.querySelectorAll("[role=tab]")].find((b) => b.textContent === "` + tab + `").click()`)
		c.until(`document.getElementById("panel").innerText.includes("pwned")`)
	}
	if text := c.eval(`document.documentElement.outerHTML + document.body.innerText`); strings.Contains(text, "hush-hush") {
		t.Error("a secret is on the page")
	}
	if c.eval(`window.pwned`) != "" || c.eval(`document.querySelectorAll("main script, main img").length`) != "0" {
		t.Error("markup from the wire is alive")
	}

	t.Log("names that turn the direction of text show how they do it")
	from.send("bidi", "users%E2%80%AEgpj.exe", "insert", `{"data":{"a\u202eb":"c\u2066d"}}`)
	c.until(`document.getElementById("list").rows[0].innerText.includes("users\\u202egpj.exe")`)
	c.eval(`document.getElementById("list").rows[0].click()`)
	c.eval(`[...document.querySelectorAll("[role=tab]")][0].click()`)
	c.until(`document.getElementById("panel").innerText.includes("a\\u202eb") && document.getElementById("panel").innerText.includes("c\\u2066d")`)
	if c.eval(`/[\u202a-\u202e\u2066-\u2069]/.test(document.body.innerText)`) != "false" {
		t.Error("a control of the text's direction is on the page")
	}
	c.eval(`document.getElementById("list").rows[1].click()`)

	t.Log("pictures")
	c.eval(`[...document.querySelectorAll("[role=tab]")][0].click()`)
	for _, scheme := range []string{"light", "dark"} {
		c.look(scheme, 1440, 900)
		c.eval(`document.getElementById("list").rows[2].click()`)
		c.until(`document.querySelectorAll("#panel tr.rejected").length === 2`)
		c.screenshot("request-" + scheme + ".png")
	}
	c.eval(`document.getElementById("list").rows[2].focus()`)
	c.press("Escape", "Escape", 27)
	c.until(`document.getElementById("detail").hidden`)
	if got := c.eval(`document.activeElement.tagName`); got != "TR" {
		t.Errorf("after closing the focus is on %s", got)
	}
	for _, scheme := range []string{"light", "dark"} {
		c.look(scheme, 1440, 900)
		c.screenshot("list-" + scheme + ".png")
	}
	c.look("light", 1024, 900)
	c.screenshot("narrow-light.png")
	c.look("dark", 390, 1600)
	c.screenshot("phone-dark.png")

	t.Log("a request that is not kept any more says so")
	c.look("light", 1440, 900)
	c.eval(`(() => {
		const line = document.getElementById("list").rows[0].cloneNode(true);
		line.dataset.id = "100000";
		document.getElementById("list").prepend(line);
		line.click();
	})()`)
	c.until(`document.getElementById("detail").innerText.includes("no longer kept")`)

	if c.eval(`window.sameDocument`) != "true" {
		t.Error("the page was loaded again")
	}
	requests, complaints := c.seen()
	for _, url := range requests {
		if !strings.HasPrefix(url, s.URL()+"/") && url != "about:blank" {
			t.Errorf("the page asked for %s", url)
		}
	}
	for _, complaint := range complaints {
		// The refused form, and what is not kept.
		if !strings.Contains(complaint, "422") && !strings.Contains(complaint, "requests/100000") {
			t.Errorf("the browser complains: %s", complaint)
		}
	}
}

// A page outlives its receiver: it says that nobody is there, and shows nothing of the old one
// beside the new one's requests.
func TestPageOutlivesTheReceiver(t *testing.T) {
	c := startChromium(t)
	first := listen(t, receiver.Options{})
	c.open(first.URL() + "/_/")
	sender{t, first.URL(), rightSecret}.send("a", "users", "upsert", rows(3, "added")...)
	c.until(`document.querySelectorAll("#list tr").length === 1`)
	c.eval(`document.getElementById("list").rows[0].click()`)
	c.until(`document.getElementById("detail").innerText.includes("not verified")`)

	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	c.until(`document.getElementById("live").textContent.includes("gone")`)
	c.eval(`document.getElementById("list").rows[0].click()`)
	c.until(`document.getElementById("detail").innerText.includes("The receiver is gone.")`)
	c.eval(`document.querySelector("[data-preset='latency=2s']").click()`)
	c.until(`document.getElementById("fault-error").textContent.includes("nothing was changed")`)

	second, err := receiver.Listen(t.Context(), strings.TrimPrefix(first.URL(), "http://"), receiver.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = second.Close() })
	c.until(`document.getElementById("live").textContent === "Live"`)
	c.until(`document.getElementById("detail").hidden && document.querySelectorAll("#list tr").length === 0`)
}

// A request in sight that changes is shown anew in its place, and keeps the focus.
func TestChangedRequestsKeepTheirPlace(t *testing.T) {
	c := startChromium(t)
	s := listen(t, receiver.Options{})
	c.open(s.URL() + "/_/")
	c.until(`document.getElementById("live").textContent === "Live"`)
	got := c.eval(`import("./list.js").then(async (list) => {
		const q = (id, done) => ({ id, time: 0, rows: 1, stream: "users", sync_mode: "upsert", done, status: done ? 200 : 0, bytes: 1 });
		list.add([q(1), q(2), q(3)]);
		await new Promise(requestAnimationFrame);
		list.focus(2);
		list.add([q(3, true), q(2, true), q(4)]);
		await new Promise(requestAnimationFrame);
		return [...document.getElementById("list").rows].map((l) => l.dataset.id + " " + l.querySelector(".status").textContent).join(", ")
			+ "; " + document.activeElement.dataset.id + " of " + document.querySelector("table").getAttribute("aria-rowcount");
	})`)
	if want := "4 waiting, 3 200, 2 200, 1 waiting; 2 of 5"; got != want {
		t.Errorf("the list has %s, want %s", got, want)
	}
	if _, complaints := c.seen(); len(complaints) > 0 {
		t.Errorf("the page complains: %s", complaints)
	}
}

// A request that the page learns of late is put in its place.
func TestLateRequestsKeepTheirPlace(t *testing.T) {
	c := startChromium(t)
	s := listen(t, receiver.Options{})
	c.open(s.URL() + "/_/")
	c.until(`document.getElementById("live").textContent === "Live"`)
	got := c.eval(`import("./list.js").then(async (list) => {
		const q = (id) => ({ id, time: 0, rows: 1, stream: "users", sync_mode: "upsert", done: true, status: 200, bytes: 1 });
		list.add([q(5), q(9)]);
		list.add([q(7), q(1), q(12)]);
		await new Promise(requestAnimationFrame);
		return [...document.getElementById("list").rows].map((l) => l.dataset.id).join(" ");
	})`)
	if got != "12 9 7 5 1" {
		t.Errorf("the list has %s", got)
	}
}
