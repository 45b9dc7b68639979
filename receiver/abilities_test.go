package receiver_test

import (
	"fmt"
	"strings"
	"testing"

	"destination-webhook/receiver"
)

// openPage opens the page of a receiver and waits until it follows.
func openPage(t *testing.T, o receiver.Options) (*chromium, *receiver.Server, sender) {
	t.Helper()
	c := startChromium(t)
	s := listen(t, o)
	c.look("light", 1440, 900)
	c.open(s.URL() + "/_/")
	c.until(`document.getElementById("live").textContent === "Live"`)
	return c, s, sender{t, s.URL(), rightSecret}
}

// lines returns an expression for the texts of the list's lines.
const lines = `[...document.querySelectorAll("#list tr")].map((l) => l.innerText.replace(/\s+/g, " "))`

func (c *chromium) click(selector string) {
	c.t.Helper()
	c.until(`((e) => e !== null && (e.click(), true))(document.querySelector(` + quote(selector) + `))`)
}

func (c *chromium) fill(selector, text string) {
	c.t.Helper()
	c.eval(`(() => { const f = document.querySelector(` + quote(selector) + `); f.value = ` + quote(text) + `; f.dispatchEvent(new Event("input", { bubbles: true })); })()`)
}

// tab opens a tab of the detail.
func (c *chromium) tab(name string) {
	c.t.Helper()
	c.until(`[...document.querySelectorAll("[role=tab]")].some((b) => b.textContent === ` + quote(name) + ` && (b.click(), true))`)
}

func quote(s string) string { return fmt.Sprintf("%q", s) }

func TestPageFilters(t *testing.T) {
	c, s, from := openPage(t, receiver.Options{Faults: receiver.Faults{RejectField: "name", RejectValue: "Ben", RejectRows: true}})
	from.send("a", "users", "upsert", `{"data":{"name":"Needle in the rows"},"operation":"added","primary_key":"77"}`)
	from.send("b", "users", "upsert", rows(12, "added")...)
	s.SetFaults(receiver.Faults{Status: 503})
	from.send("c", "orders", "insert", rows(3, "added")...)
	c.until(lines + `.length === 3`)

	for filter, want := range map[string]string{
		"needle": "shop.users", "rejected": "2 rejected", "fault": "503", "shop.orders": "503", "failed": "503", "#2": "2 rejected", "77": "shop.users",
	} {
		c.fill("#filter", filter)
		c.until(lines + `.length === 1 && ` + lines + `[0].includes(` + quote(want) + `)`)
	}
	c.fill("#filter", "nothing like it")
	c.until(`document.getElementById("no-match").innerText.includes("None of the 3 requests matches")`)
	c.until(`document.getElementById("empty").hidden`)
	c.click("#no-match button")
	c.until(lines + `.length === 3 && document.getElementById("filter").value === ""`)
	c.click("#total-failed")
	c.until(lines + `.length === 1 && ` + lines + `[0].includes("503")`)
	c.click("#streams [data-stream='shop.users']")
	c.until(lines + `.length === 2`)
}

// A reload, and whoever is given the address, sees the same.
func TestPageLinksToARequest(t *testing.T) {
	c, _, from := openPage(t, receiver.Options{})
	for i := range 3 {
		from.send(fmt.Sprint("batch-", i), "users", "upsert", rows(2, "added")...)
	}
	c.until(lines + `.length === 3`)
	c.fill("#filter", "batch-1")
	c.click("#list tr")
	c.tab("Headers")
	c.until(`location.hash.includes("id=2") && location.hash.includes("tab=Headers") && location.hash.includes("filter=batch-1")`)
	c.must("Page.reload", nil, nil)
	c.until(`document.querySelector("#detail h2")?.textContent.startsWith("#2 ") && document.querySelector("[aria-selected=true][role=tab]").textContent === "Headers"`)
	c.until(lines + `.length === 1 && document.getElementById("filter").value === "batch-1"`)
}

func TestPagePausesAndClears(t *testing.T) {
	c, s, from := openPage(t, receiver.Options{})
	from.send("a", "users", "upsert", rows(1, "added")...)
	c.until(lines + `.length === 1`)
	c.click("#pause")
	from.send("b", "users", "upsert", rows(1, "added")...)
	c.until(`document.getElementById("pause").textContent === "Resume (1)" && ` + lines + `.length === 1`)
	c.click("#pause")
	c.until(`document.getElementById("pause").textContent === "Pause" && ` + lines + `.length === 2`)
	c.click("#clear")
	c.until(`document.getElementById("clear").textContent === "Forget all?" && ` + lines + `.length === 2`)
	c.click("#clear")
	c.until(lines + `.length === 0 && document.getElementById("empty").offsetHeight > 0 && document.getElementById("total-rows").textContent === "0"`)
	if len(s.Requests()) != 0 || s.Totals().Requests != 0 {
		t.Errorf("the receiver keeps %d requests", len(s.Requests()))
	}
	from.send("a", "users", "upsert", rows(1, "added")...)
	c.until(lines + `.length === 1 && ` + lines + `.every((l) => !l.includes("duplicate"))`)
}

// Every row of a large batch can be reached, by its index, and every value can be read in full.
func TestPageShowsEveryRow(t *testing.T) {
	c, s, from := openPage(t, receiver.Options{})
	long := strings.Repeat("long ", 400) + "end"
	batch := append(rows(999, "added"), `{"data":{"id":1000,"name":"`+long+`"},"primary_key":"1000"}`)
	s.SetFaults(receiver.Faults{RejectField: "id", RejectValue: "9007199254741000", RejectRows: true})
	from.send("a", "users", "upsert", batch...)
	c.click("#list tr")
	c.until(`document.querySelectorAll("#panel tbody tr").length >= 200`)
	for range 6 {
		c.eval(`document.querySelector(".row-table").scrollTo(0, 1e9)`)
		c.until(`new Promise((done) => requestAnimationFrame(() => done(true)))`)
	}
	c.until(`(document.querySelector(".row-table").scrollTo(0, 1e9), document.querySelectorAll("#panel tbody tr").length === 1000)`)
	c.until(`document.querySelector("#panel tbody tr:last-child .index").textContent === "999"`)
	c.until(`(() => { // the header and the first columns stay in sight
		document.querySelector(".row-table").scrollTo(400, 5000);
		const box = document.querySelector(".row-table").getBoundingClientRect();
		return document.querySelector(".row-table th.key").getBoundingClientRect().top === box.top
			&& document.querySelector(".row-table td.index").getBoundingClientRect().left === box.left;
	})()`)

	c.eval(`(document.querySelector("[data-key=rows-rejected]").click())`)
	c.until(`document.querySelectorAll("#panel tbody tr").length === 1 && document.querySelector("#panel .index").textContent !== "" && document.querySelector("#panel tbody").innerText.includes("rejected")`)
	c.until(`document.querySelector("#panel tbody .index").textContent === "7"`)
	c.eval(`(document.querySelector("[data-key=rows-rejected]").click())`)
	c.fill("[data-key=rows-search]", "LONG long")
	c.until(`document.querySelectorAll("#panel tbody tr").length === 1 && document.querySelector("#panel tbody .index").textContent === "999"`)
	c.eval(`[...document.querySelectorAll("#panel button.value")].find((b) => b.textContent.startsWith("long")).click()`)
	c.until(`document.querySelector("dialog[open] pre").textContent.endsWith("long end")`)
	c.press("Escape", "Escape", 27)
	c.until(`document.querySelector("dialog[open]") === null && !document.getElementById("detail").hidden`)
}

func TestPageShowsBodiesAndAnswers(t *testing.T) {
	c, _, from := openPage(t, receiver.Options{Faults: receiver.Faults{RejectField: "name", RejectValue: "Ben", RejectRows: true}})
	from.send("a", "users", "upsert", rows(20, "added")...)
	c.click("#list tr")
	c.tab("Body")
	c.until(`[...document.querySelectorAll(".fold .line")].some((l) => l.textContent.trim() === '"id": 9007199254740993,')`)
	c.until(`document.querySelectorAll(".fold details").length > 20`)
	c.eval(`document.querySelectorAll(".fold details")[3].open = false`)
	c.fill("[data-key=body-search]", "ben")
	c.until(`document.querySelectorAll(".fold .hit").length > 2 && [...document.querySelectorAll(".fold .hit")].every((l) => l.offsetHeight > 0)`)
	c.tab("Answer")
	c.until(`document.getElementById("panel").innerText.includes('"rejected":[{"index":1,')`)
}

func TestPageCopiesAndExports(t *testing.T) {
	c, s, from := openPage(t, receiver.Options{})
	c.must("Browser.grantPermissions", map[string]any{
		"browserContextId": c.context, "origin": s.URL(), "permissions": []string{"clipboardReadWrite", "clipboardSanitizedWrite"},
	}, nil)
	from.send("batch-1", "users", "upsert", `{"data":{"name":"it's"},"primary_key":"1"}`)
	c.click("#list tr")
	c.click("[data-key=curl]")
	c.until(`document.querySelector("[data-key=curl]").textContent === "Copied"`)
	curl := c.eval(`navigator.clipboard.readText()`)
	for _, want := range []string{"curl -X 'POST' '" + s.URL() + "/hook'", "-H 'Airbyte-Stream: users'", `it'\''s`, "-H 'Authorization: PUT-YOURS-HERE'"} {
		if !strings.Contains(curl, want) {
			t.Errorf("%s is missing in\n%s", want, curl)
		}
	}
	c.click("[data-key=id]")
	c.until(`navigator.clipboard.readText().then((s) => s === "batch-1") && true`)
	c.click("[data-key=body]")
	c.until(`document.querySelector("[data-key=body]").textContent === "Copied"`)
	if got := c.eval(`navigator.clipboard.readText()`); !strings.HasPrefix(got, `{"sync_mode":"upsert"`) {
		t.Errorf("the body on the clipboard is %s", got)
	}
	for link, want := range map[string]string{"#export-ndjson": `"webhook_id":"batch-1"`, "#export-har": `"version":"1.2"`} {
		if got := c.eval(`fetch(document.querySelector("` + link + `").href).then((r) => r.text())`); !strings.Contains(got, want) {
			t.Errorf("%s gives %.200s", link, got)
		}
	}
}

func TestPageByKeyboard(t *testing.T) {
	c, _, from := openPage(t, receiver.Options{})
	for i := range 4 {
		from.send(fmt.Sprint(i), "users", "upsert", rows(2, "added")...)
	}
	c.until(lines + `.length === 4`)
	title := func(id int) string {
		return fmt.Sprintf(`document.querySelector("#detail h2")?.textContent.startsWith("#%d ") && !document.getElementById("detail").hidden`, id)
	}
	c.press("j", "KeyJ", 74)
	c.until(title(4))
	c.press("j", "KeyJ", 74)
	c.until(title(3))
	c.press("k", "KeyK", 75)
	c.until(title(4))
	c.eval(`document.querySelector("#list tr").focus()`)
	c.press("ArrowDown", "ArrowDown", 40) // the open detail follows
	c.until(title(3))
	c.press("Escape", "Escape", 27)
	c.until(`document.getElementById("detail").hidden && document.activeElement.dataset.id === "3"`)
	c.press("/", "Slash", 191)
	c.until(`document.activeElement.id === "filter"`)
	c.eval(`document.activeElement.blur()`)
	c.press("?", "Slash", 191)
	c.until(`document.getElementById("keys").open`)
	c.press("Escape", "Escape", 27)
	c.until(`!document.getElementById("keys").open`)
}

// The charts have an axis, and say what a second had.
func TestPageCharts(t *testing.T) {
	c, _, from := openPage(t, receiver.Options{})
	from.send("a", "users", "upsert", rows(7, "added")...)
	c.until(`document.querySelector("#chart-rows").innerText.includes("peak 7") && document.querySelector("#chart-rows").innerText.includes("1 min ago")`)
	c.until(`(() => {
		const bar = [...document.querySelectorAll("#chart-rows rect")].find((r) => r.getAttribute("height") > 1).getBoundingClientRect();
		document.querySelector("#chart-rows svg").dispatchEvent(new PointerEvent("pointermove", { clientX: bar.left + bar.width / 2, clientY: bar.bottom }));
		return /\d\d:\d\d:\d\d: 7/.test(document.querySelector("#chart-rows .axis").textContent);
	})()`)
}

// With a secret the first steps are signed ones.
func TestPageSuggestsWhatTheReceiverTakes(t *testing.T) {
	c, _, _ := openPage(t, receiver.Options{SigningSecrets: []string{rightSecret}})
	c.until(`document.getElementById("sample-config").textContent.includes("signing") && document.getElementById("sample-curl").textContent.includes("destination-webhook sign")`)
}

// A filter finds in their content what arrives later, too.
func TestPageFiltersWhatArrives(t *testing.T) {
	c, _, from := openPage(t, receiver.Options{})
	from.send("a", "users", "upsert", `{"data":{"name":"Needle"},"operation":"added","primary_key":"1"}`)
	c.fill("#filter", "needle")
	c.until(lines + `.length === 1`)
	from.send("b", "users", "upsert", rows(2, "added")...)
	from.send("c", "users", "upsert", `{"data":{"name":"another needle"},"operation":"added","primary_key":"2"}`)
	c.until(lines + `.length === 2 && document.querySelector("#list tr").dataset.id === "3"`)
}

// Ten thousand requests cost the page no more than those in sight, and what is in sight stays
// there.
func TestPageWithManyRequests(t *testing.T) {
	c, s, from := openPage(t, receiver.Options{KeepRequests: 10_000})
	for range 10_000 {
		post(t, s, `{"sync_mode":"insert","rows":[]}`)
	}
	c.until(lines + `.length > 10`)
	c.until(`Number(document.querySelector("table").getAttribute("aria-rowcount")) === 10001`)
	c.until(`document.querySelectorAll("#list tr").length < 100`)
	c.eval(`document.getElementById("scroll").scrollTop = 1e9`)
	c.until(`document.querySelector("#list tr:last-child").dataset.id === "1"`)
	c.eval(`document.getElementById("scroll").scrollTop = 100000`)
	at := `(() => { // the request in the middle of the list
		const box = document.getElementById("scroll").getBoundingClientRect();
		return document.elementFromPoint(box.left + 200, box.top + 300).closest("tr").dataset.id;
	})()`
	c.until(`Number(` + at + `) < 9000`)
	before := c.eval(at)
	from.send("late", "users", "upsert", rows(1, "added")...)
	c.until(`document.getElementById("total-requests").textContent === "10,001"`)
	c.until(at + ` === "` + before + `"`)
}

// On a phone a dialog can be closed, however long its title, and shows more than one row.
func TestDialogsFitAPhone(t *testing.T) {
	c, _, from := openPage(t, receiver.Options{})
	name := strings.Repeat("long-name-", 15)
	for i := range 5 {
		from.send(fmt.Sprint(i), name, "upsert", rows(1, "changed")...)
	}
	c.look("light", 320, 700)
	c.until(lines + `.length === 5`)
	fits := func() {
		t.Helper()
		c.until(`(() => {
			const close = document.querySelector("dialog[open] .head button").getBoundingClientRect();
			return close.left >= 0 && close.right <= innerWidth;
		})()`)
	}
	c.click("[aria-label^='Table of']")
	c.until(`document.querySelectorAll("dialog[open] tbody tr").length > 0`)
	fits()
	c.press("Escape", "Escape", 27)
	c.click("#list tr")
	c.click("#panel td.key button")
	c.until(`document.querySelectorAll("dialog[open] tbody tr").length === 5`)
	fits()
	c.until(`document.querySelector("dialog[open] tbody tr").offsetHeight < 250`)
	c.press("Escape", "Escape", 27)
	c.fill("#filter", name+"x")
	c.until(`document.getElementById("no-match").scrollWidth <= document.getElementById("no-match").clientWidth && !document.getElementById("no-match").hidden`)
}

// Whatever the width, nothing is cut and the faults can be reached.
func TestPageFitsEveryWidth(t *testing.T) {
	c, _, from := openPage(t, receiver.Options{})
	from.send("a", strings.Repeat("long-name-", 15), "upsert", rows(12, "added", "changed")...)
	c.until(lines + `.length === 1`)
	for _, width := range []int{320, 768, 1280, 2560} {
		c.look("light", width, 800)
		c.click("#list tr")
		c.until(`document.documentElement.scrollWidth <= innerWidth`)
		if width < 1400 {
			c.click("#drawer")
		}
		c.until(`(() => {
			const apply = document.querySelector("form .primary"), box = apply.getBoundingClientRect();
			return box.right <= innerWidth && box.left >= 0 && getComputedStyle(apply).visibility === "visible";
		})()`)
		c.until(`(() => { // the count of a long name is in sight
			const n = document.querySelector("#streams .n").getBoundingClientRect();
			return n.width > 5 && n.right <= innerWidth;
		})()`)
		c.eval(`document.querySelector("[name=latency]").value = "soon"; document.getElementById("faults").requestSubmit()`)
		c.until(`(() => {
			const error = document.getElementById("fault-error").getBoundingClientRect();
			return error.height > 0 && error.bottom <= innerHeight && document.getElementById("fault-error").textContent.includes("duration");
		})()`)
		c.eval(`document.querySelector("[data-preset='']").click()`)
		c.until(`document.getElementById("fault-error").textContent === ""`)
		if width < 1400 {
			c.press("Escape", "Escape", 27)
			c.until(`!document.getElementById("side").classList.contains("open")`)
		}
		c.eval(`document.querySelector("#detail [data-key=close]").click()`)
	}
}
