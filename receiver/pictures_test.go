package receiver_test

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"testing"

	"destination-webhook/receiver"
	"destination-webhook/sample"
)

// TestPictures makes the pictures of the docs in the folder that RECEIVER_PICTURES names;
// docs/images/make runs it.
func TestPictures(t *testing.T) {
	folder := os.Getenv("RECEIVER_PICTURES")
	if folder == "" {
		t.Skip("RECEIVER_PICTURES names no folder: run docs/images/make")
	}
	t.Setenv("RECEIVER_SCREENSHOTS", folder)
	c := startChromium(t)
	faults, err := receiver.ParseFaults("status=503 every=4 latency=50ms")
	if err != nil {
		t.Fatal(err)
	}
	s := listen(t, receiver.Options{Faults: faults, SigningSecrets: []string{sample.SigningSecret}})
	c.look("light", 1440, 900) // every request is in sight
	c.open(s.URL() + "/_/")
	if err := syncSample(t, s.URL(), sample.SigningSecret); err != nil {
		t.Fatal(err)
	}
	c.until(fmt.Sprintf(`document.querySelectorAll("#list tr").length === %d`, s.Totals().Requests))
	// A batch with rows of every operation.
	mixed := slices.IndexFunc(s.Requests(), func(q receiver.Request) bool {
		return bytes.Contains(q.Body, []byte(`"operation":"removed"`)) && bytes.Contains(q.Body, []byte(`"operation":"changed"`)) && q.Status == 200
	})
	c.eval(fmt.Sprintf(`document.querySelector("#list tr[data-id='%d']").click()`, mixed+1))
	c.until(`document.querySelectorAll("#panel tbody tr").length > 100`)
	c.eval(`(() => { const rows = [...document.querySelectorAll("#panel tbody tr")]; document.querySelector(".row-table").scrollTop = rows.find((r) => r.innerText.includes("removed")).offsetTop - 150; })()`)
	// The charts have the last whole second.
	c.eval(`new Promise((done) => setTimeout(() => done(true), 2500))`)
	for _, scheme := range []string{"light", "dark"} {
		c.look(scheme, 1440, 900)
		c.screenshot("receiver-" + scheme + ".png")
	}
}
