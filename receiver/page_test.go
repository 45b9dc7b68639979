package receiver_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"destination-webhook/destination/signature"
	"destination-webhook/receiver"
)

const (
	rightSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	wrongSecret = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
)

// sender posts signed batches as the destination does.
type sender struct {
	t      *testing.T
	url    string
	secret string
}

func (s sender) send(id, stream, mode string, rows ...string) int {
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
	return resp.StatusCode
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

	t.Log("rows appear without a reload")
	c.eval(`window.sameDocument = true`)
	from.send("check", "", "insert")
	from.send("batch-1", "users", "upsert", rows(12, "added", "added", "changed", "removed")...)
	from.send("batch-2", "orders", "insert", rows(250, "added")...)
	c.until(`document.querySelectorAll("#list tr").length === 3`)
	c.until(`document.getElementById("total-rows").textContent === "262"`)
	c.until(`document.getElementById("streams").innerText.includes("shop.users")`)

	t.Log("the keyboard opens a request")
	c.eval(`document.getElementById("list").rows[0].focus()`)
	c.press("ArrowDown", "ArrowDown", 40)
	c.press("Enter", "Enter", 13)
	c.until(`document.querySelectorAll("#panel tbody tr").length === 12`)
	c.until(`document.getElementById("panel").innerText.includes("9007199254740993")`)
	c.until(`document.getElementById("detail").innerText.includes("valid")`)

	t.Log("a fault is set; the failed attempt and its retry appear")
	c.eval(`document.querySelector("[name=status]").value = "503"; document.querySelector("[name=every]").value = "2"; document.getElementById("faults").requestSubmit()`)
	c.until(`document.getElementById("in-force").textContent === "Misbehaving: status=503 every=2"`)
	from.send("batch-3", "users", "upsert", rows(8, "changed")...)
	if got := from.send("batch-4", "users", "upsert", rows(40, "added", "changed")...); got != 503 {
		t.Errorf("status %d", got)
	}
	from.send("batch-4", "users", "upsert", rows(40, "added", "changed")...)
	c.until(`document.getElementById("list").rows[0].innerText.includes("attempt 2")`)
	c.until(`document.getElementById("list").rows[1].innerText.includes("503")`)
	c.until(`document.getElementById("total-failed").textContent === "1"`)

	t.Log("a wrong value is refused at its field")
	c.eval(`document.querySelector("[name=latency]").value = "soon"; document.getElementById("faults").requestSubmit()`)
	c.until(`document.querySelector("[name=latency]").getAttribute("aria-invalid") === "true"`)
	c.until(`document.getElementById("fault-error").textContent.includes("expected a duration")`)
	c.eval(`document.querySelector("[data-preset='']").click()`)
	c.until(`document.getElementById("in-force").textContent === "Behaving"`)

	t.Log("a duplicate is marked")
	from.send("batch-4", "users", "upsert", rows(40, "added", "changed")...)
	c.until(`document.getElementById("list").rows[0].innerText.includes("duplicate")`)

	t.Log("the wrong secret turns the signature invalid")
	wrong := sender{t, s.URL(), wrongSecret}
	if got := wrong.send("batch-5", "users", "upsert", rows(3, "added")...); got != 401 {
		t.Errorf("status %d", got)
	}
	c.until(`document.getElementById("list").rows[0].innerText.includes("signature")`)
	c.eval(`document.getElementById("list").rows[0].click()`)
	c.until(`document.getElementById("detail").innerText.includes("no signature matches")`)

	t.Log("rows refused by a verdict are marked")
	s.SetFaults(receiver.Faults{RejectField: "name", RejectValue: "Ben", RejectRows: true})
	from.send("batch-6", "users", "upsert", rows(12, "added", "changed", "removed")...)
	c.until(`document.getElementById("list").rows[0].innerText.includes("2 rejected")`)

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

	t.Log("pictures")
	c.eval(`[...document.querySelectorAll("[role=tab]")][0].click()`)
	for _, scheme := range []string{"light", "dark"} {
		c.look(scheme, 1440, 900)
		c.eval(`document.getElementById("list").rows[1].click()`)
		c.until(`document.querySelectorAll("#panel tr.rejected").length === 2`)
		c.screenshot("request-" + scheme + ".png")
	}
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
	c.look("dark", 420, 1600)
	c.screenshot("phone-dark.png")

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
		if !strings.Contains(complaint, "422") { // the refused form
			t.Errorf("the browser complains: %s", complaint)
		}
	}
}
