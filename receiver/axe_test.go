package receiver_test

import (
	"cmp"
	"os"
	"testing"

	"destination-webhook/receiver"
)

// axe returns axe-core, which looks for what keeps people with disabilities from using a page.
func axe(t *testing.T) string {
	t.Helper()
	path := cmp.Or(os.Getenv("RECEIVER_AXE"), "../docs/verify/node_modules/axe-core/axe.min.js")
	script, err := os.ReadFile(path)
	if err != nil {
		t.Skip("axe-core is not installed (.ci/companions): accessibility is not tested")
	}
	return string(script)
}

// findings runs axe and returns what it finds, a line each.
const findings = `axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"] }).then((r) =>
	r.passes.length < 15 ? "only " + r.passes.length + " rules were applied" : r.violations.flatMap((v) => v.nodes.map((n) => v.id + ": " + n.target + " " + n.failureSummary.replace(/\s+/g, " "))).join("\n"))`

func TestPageIsAccessible(t *testing.T) {
	script := axe(t)
	c, s, from := openPage(t, receiver.Options{Faults: receiver.Faults{RejectField: "name", RejectValue: "Ben", RejectRows: true}})
	c.eval(script + "; true")
	look := func(state string, schemes ...string) {
		t.Helper()
		for _, scheme := range append(schemes, "light") {
			c.look(scheme, 1440, 900)
			c.eval(`Promise.all(document.getAnimations().map((a) => a.finished.catch(() => {}))).then(() => true)`)
			if got := c.eval(findings); got != "" {
				t.Errorf("%s, %s:\n%s", state, scheme, got)
			}
		}
	}
	look("empty")
	from.send("a", "users", "upsert", rows(12, "added", "changed", "removed")...)
	from.send("a", "users", "upsert", rows(12, "added", "changed", "removed")...)
	post(t, s, "nonsense")
	s.SetFaults(receiver.Faults{Status: 503})
	from.send("b", "users", "upsert", rows(12, "added")...)
	c.until(lines + `.length === 4`)
	c.click("#list tr:last-child")
	for _, tab := range []string{"Rows", "Body", "Headers", "Answer"} {
		c.tab(tab)
		look(tab, "dark")
	}
	c.tab("Rows")
	c.click("#panel td.key button")
	c.until(`document.querySelectorAll("dialog[open] tbody tr").length > 0`)
	look("history")
	c.press("Escape", "Escape", 27)
	c.click("[aria-label='Table of shop.users']")
	c.until(`document.querySelectorAll("dialog[open] tbody tr").length > 0`)
	look("table")
	c.press("Escape", "Escape", 27)
	c.eval(`document.querySelector("[name=latency]").value = "soon"; document.getElementById("faults").requestSubmit()`)
	c.until(`document.getElementById("fault-error").textContent !== ""`)
	look("wrong fault", "dark")
}
