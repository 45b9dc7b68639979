package receiver_test

import (
	"fmt"
	"os"
	"testing"

	"destination-webhook/receiver"
	"destination-webhook/sample"
)

// TestPictures makes the pictures of the docs in the folder that RECEIVER_PICTURES
// names; docs/images/make runs it.
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
	c.open(s.URL() + "/_/")
	if err := syncSample(t, s.URL(), sample.SigningSecret); err != nil {
		t.Fatal(err)
	}
	c.until(fmt.Sprintf(`document.querySelectorAll("#list tr").length === %d`, s.Totals().Requests))
	c.until(`(() => {
		[...document.querySelectorAll("#list tr")].find((l) => l.innerText.includes("customers") && l.innerText.includes("149")).click();
		return true;
	})()`)
	c.until(`document.querySelectorAll("#panel tbody tr").length === 149`) // the last batch, with changed and removed rows
	for _, scheme := range []string{"light", "dark"} {
		c.look(scheme, 1440, 900)
		c.screenshot("receiver-" + scheme + ".png")
	}
}
