package receiver_test

import (
	"fmt"
	"strings"
	"testing"

	"destination-webhook/receiver"
)

// tour is a person's way through the page of a receiver. Each step goes on where the one before it
// ended.
type tour struct {
	*chromium
	receiver *receiver.Server
	from     sender
}

func TestPageInABrowser(t *testing.T) {
	c := startChromium(t)
	s := listen(t, receiver.Options{SigningSecrets: []string{rightSecret}})
	p := &tour{c, s, sender{t, s.URL(), rightSecret}}
	p.opens()
	for _, step := range []struct {
		name string
		run  func(*tour)
	}{
		{"a fault is set, and a sync runs: rows, failed attempts and their retries appear without a reload", (*tour).followsASync},
		{"the charts draw it", (*tour).drawsCharts},
		{"the wrong secret fails the sync, and its signature is invalid", (*tour).showsAWrongSecret},
		{"the keyboard opens a request", (*tour).obeysTheKeyboard},
		{"a wrong value is refused at its field", (*tour).refusesAValue},
		{"a duplicate is marked, beside the detail and on a phone too", (*tour).marksADuplicate},
		{"on a phone the detail comes into sight", (*tour).fitsOnAPhone},
		{"Escape in the filter leaves the detail", (*tour).keepsTheDetailOnEscape},
		{"rows refused by a verdict are marked", (*tour).marksRejectedRows},
		{"content from the wire is never markup", (*tour).showsMarkupAsText},
		{"names that turn the direction of text show how they do it", (*tour).showsControlsOfDirection},
		{"pictures", (*tour).takesPictures},
		{"a request that is not kept any more says so", (*tour).saysWhatIsNotKept},
	} {
		t.Log(step.name)
		step.run(p)
	}
	p.wasQuiet()
}

func (p *tour) opens() {
	p.look("light", 1440, 900)
	p.open(p.receiver.URL() + "/") // a person is led to the page
	p.until(`location.pathname === "/_/" && document.getElementById("live").textContent === "Live"`)
	p.until(`document.getElementById("empty").offsetHeight > 0`)
	p.screenshot("empty-light.png")
	p.look("dark", 1440, 900)
	p.screenshot("empty-dark.png")
	p.look("light", 1440, 900)
}

func (p *tour) followsASync() {
	p.eval(`window.sameDocument = true`)
	p.eval(`document.querySelector("[name=status]").value = "503"; document.querySelector("[name=every]").value = "4"; document.getElementById("faults").requestSubmit()`)
	p.until(`document.getElementById("in-force").textContent === "Misbehaving: status=503 every=4"`)
	if err := syncSample(p.t, p.receiver.URL(), rightSecret); err != nil {
		p.t.Fatal(err)
	}
	totals := p.receiver.Totals()
	if totals.Failed == 0 || totals.Requests <= totals.Failed {
		p.t.Errorf("totals %+v", totals)
	}
	p.until(fmt.Sprintf(`document.querySelectorAll("#list tr").length === %d`, totals.Requests))
	p.until(fmt.Sprintf(`document.getElementById("total-rows").textContent.replace(",", "") === "%d"`, totals.Rows))
	p.until(fmt.Sprintf(`document.getElementById("total-failed").textContent === "%d"`, totals.Failed))
	p.until(`["shop.customers", "shop.orders", "added", "changed", "removed"].every((s) => document.getElementById("streams").innerText.includes(s))`)
	p.until(`(() => {
		const lines = [...document.querySelectorAll("#list tr")];
		const retry = lines.findIndex((l) => l.innerText.includes("attempt 2") && l.innerText.includes("200"));
		if (retry < 0) return false;
		lines[retry].click();
		return true;
	})()`)
	p.until(`document.getElementById("detail").innerText.includes("Attempts")`)
	p.until(`[...document.querySelectorAll("#detail .facts .tag")].map((t) => t.textContent).join(" ").startsWith("503 ")`)
	p.until(`document.getElementById("detail").innerText.includes("valid")`)

	p.until(`document.getElementById("keeps").innerText.includes("last 1,000 requests are kept, within 67.1 MB")`)
}

func (p *tour) drawsCharts() {
	p.until(`[...document.querySelectorAll("#chart-rows rect")].some((r) => r.getAttribute("height") >= 38)`)
	p.until(`[...document.querySelectorAll("#chart-bytes rect")].some((r) => r.getAttribute("height") >= 38)`)
	p.until(`/peak [1-9]/.test(document.querySelector("#chart-rows svg").getAttribute("aria-label"))`)
}

func (p *tour) showsAWrongSecret() {
	p.eval(`document.querySelector("[data-preset='']").click()`)
	p.until(`document.getElementById("in-force").textContent === "Behaving"`)
	if err := syncSample(p.t, p.receiver.URL(), wrongSecret); err == nil || !strings.Contains(err.Error(), "401") {
		p.t.Errorf("the sync with the wrong secret: %v", err)
	}
	p.until(`document.getElementById("list").rows[0].innerText.includes("signature")`)
	p.eval(`document.getElementById("list").rows[0].click()`)
	p.until(`document.getElementById("detail").innerText.includes("no signature matches")`)
}

func (p *tour) obeysTheKeyboard() {
	p.from.send("check", "", "insert")
	p.from.send("batch-1", "users", "upsert", rows(12, "added", "added", "changed", "removed")...)
	p.from.send("batch-2", "orders", "insert", rows(250, "added")...)
	p.until(`document.getElementById("list").rows[2].innerText.includes("connection check")`)
	p.eval(`document.getElementById("list").rows[0].focus()`)
	p.press("ArrowDown", "ArrowDown", 40)
	p.press("Enter", "Enter", 13)
	p.until(`document.querySelectorAll("#panel tbody tr").length === 12`)
	p.until(`document.getElementById("panel").innerText.includes("9007199254740993")`)
	p.until(`document.getElementById("detail").innerText.includes("valid")`)
}

func (p *tour) refusesAValue() {
	p.eval(`document.querySelector("[name=latency]").value = "soon"; document.getElementById("faults").requestSubmit()`)
	p.until(`document.querySelector("[name=latency]").getAttribute("aria-invalid") === "true"`)
	p.until(`document.getElementById("fault-error").textContent.includes("expected a duration")`)
	if got := p.eval(`[...document.querySelectorAll("fieldset, button")].filter((e) => e.hasAttribute("aria-invalid")).length`); got != "0" {
		p.t.Errorf("%s elements that hold no value are marked as valid or not", got)
	}
	p.eval(`document.querySelector("[data-preset='']").click()`)
	p.until(`document.getElementById("in-force").textContent === "Behaving"`)
}

func (p *tour) marksADuplicate() {
	p.from.send("batch-1", "users", "upsert", rows(12, "added", "added", "changed", "removed")...)
	for _, width := range []int{1440, 390} {
		p.look("light", width, 900)
		p.until(`(() => {
			const mark = [...document.getElementById("list").rows[0].querySelectorAll(".tag")].find((t) => t.textContent === "duplicate")?.getBoundingClientRect();
			const list = document.getElementById("requests").getBoundingClientRect();
			return mark.width > 40 && mark.left >= list.left && mark.right <= list.right;
		})()`)
		p.until(`document.documentElement.scrollWidth <= innerWidth`)
	}
}

func (p *tour) fitsOnAPhone() {
	p.eval(`scrollTo(0, 0); document.getElementById("list").rows[0].click()`)
	p.until(`document.getElementById("detail").innerText.includes("#" + document.getElementById("list").rows[0].dataset.id + " POST")`)
	p.until(`document.getElementById("detail").getBoundingClientRect().top < 200`)
	p.screenshot("phone-detail-light.png")
	p.look("light", 1440, 900)
	p.until(`document.querySelector("form .actions .primary").getBoundingClientRect().bottom <= innerHeight`)
}

func (p *tour) keepsTheDetailOnEscape() {
	p.eval(`document.getElementById("filter").focus()`)
	p.press("Escape", "Escape", 27)
	p.until(`!document.getElementById("detail").hidden`)
}

func (p *tour) marksRejectedRows() {
	p.receiver.SetFaults(receiver.Faults{RejectField: "name", RejectValue: "Ben", RejectRows: true})
	p.from.send("batch-6", "users", "upsert", rows(12, "added", "changed", "removed")...)
	p.until(`document.getElementById("list").rows[0].innerText.includes("2 rejected")`)
	p.eval(`document.getElementById("list").rows[0].click()`)
	p.until(`(() => {
		const cells = [...document.querySelectorAll("#panel tr.rejected")].map((l) => l.innerText);
		return cells.length === 2 && cells[0].includes("changed") && cells.every((t) => t.includes('name is "Ben"'));
	})()`)
}

func (p *tour) showsMarkupAsText() {
	markup := `<img src=x onerror=\"window.pwned=1\"><script>window.pwned=1</script>`
	p.from.send(`<script>window.pwned=1</script>`, `%3Cscript%3Ewindow.pwned=1%3C/script%3E`, "insert",
		`{"data":{"`+markup+`":"`+markup+`"},"operation":"added","primary_key":"`+markup+`"}`)
	p.until(`document.getElementById("list").rows[0].innerText.includes("<script>window.pwned=1</script>")`)
	p.eval(`document.getElementById("list").rows[0].click()`)
	p.until(`document.getElementById("panel").innerText.includes("<img src=x")`)
	for _, tab := range []string{"Body", "Headers"} {
		p.eval(`[...document.querySelectorAll("[role=tab]")].find((b) => b.textContent === "` + tab + `").click()`)
		p.until(`document.getElementById("panel").innerText.includes("pwned")`)
	}
	if text := p.eval(`document.documentElement.outerHTML + document.body.innerText`); strings.Contains(text, "hush-hush") {
		p.t.Error("a secret is on the page")
	}
	if p.eval(`window.pwned`) != "" || p.eval(`document.querySelectorAll("main script, main img").length`) != "0" {
		p.t.Error("markup from the wire is alive")
	}
}

func (p *tour) showsControlsOfDirection() {
	p.from.send("bidi", "users%E2%80%AEgpj.exe", "insert", `{"data":{"a\u202eb":"c\u2066d"}}`)
	p.until(`document.getElementById("list").rows[0].innerText.includes("users\\u202egpj.exe")`)
	p.eval(`document.getElementById("list").rows[0].click()`)
	p.eval(`[...document.querySelectorAll("[role=tab]")][0].click()`)
	p.until(`document.getElementById("panel").innerText.includes("a\\u202eb") && document.getElementById("panel").innerText.includes("c\\u2066d")`)
	if p.eval(`/[\u202a-\u202e\u2066-\u2069]/.test(document.body.innerText)`) != "false" {
		p.t.Error("a control of the text's direction is on the page")
	}
	p.eval(`document.getElementById("list").rows[1].click()`)
}

func (p *tour) takesPictures() {
	p.eval(`[...document.querySelectorAll("[role=tab]")][0].click()`)
	for _, scheme := range []string{"light", "dark"} {
		p.look(scheme, 1440, 900)
		p.eval(`document.getElementById("list").rows[2].click()`)
		p.until(`document.querySelectorAll("#panel tr.rejected").length === 2`)
		p.screenshot("request-" + scheme + ".png")
	}
	p.eval(`document.getElementById("list").rows[2].focus()`)
	p.press("Escape", "Escape", 27)
	p.until(`document.getElementById("detail").hidden`)
	if got := p.eval(`document.activeElement.tagName`); got != "TR" {
		p.t.Errorf("after closing the focus is on %s", got)
	}
	for _, scheme := range []string{"light", "dark"} {
		p.look(scheme, 1440, 900)
		p.screenshot("list-" + scheme + ".png")
	}
	p.look("light", 1024, 900)
	p.screenshot("narrow-light.png")
	p.look("dark", 390, 1600)
	p.screenshot("phone-dark.png")
}

func (p *tour) saysWhatIsNotKept() {
	p.look("light", 1440, 900)
	p.eval(`(() => {
		const line = document.getElementById("list").rows[0].cloneNode(true);
		line.dataset.id = "100000";
		document.getElementById("list").prepend(line);
		line.click();
	})()`)
	p.until(`document.getElementById("detail").innerText.includes("no longer kept")`)
}

// wasQuiet fails if the page was loaded again, asked another server, or made the browser complain.
func (p *tour) wasQuiet() {
	if p.eval(`window.sameDocument`) != "true" {
		p.t.Error("the page was loaded again")
	}
	requests, complaints := p.seen()
	for _, url := range requests {
		if !strings.HasPrefix(url, p.receiver.URL()+"/") && url != "about:blank" {
			p.t.Errorf("the page asked for %s", url)
		}
	}
	for _, complaint := range complaints {
		// The refused form, and what is not kept.
		if !strings.Contains(complaint, "422") && !strings.Contains(complaint, "requests/100000") {
			p.t.Errorf("the browser complains: %s", complaint)
		}
	}
}
