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

// A request in sight that changes is drawn again in its place, and keeps the focus.
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
