package destination

import (
	"bytes"
	"testing"

	"destination-webhook/destination/redact"
)

func TestTerminalShowsNoSecret(t *testing.T) {
	var shown bytes.Buffer
	w := masking(&shown, redact.New("hunter2"))
	const text = "\r\x1b[Kthe endpoint says hunter2"
	if n, err := w.Write([]byte(text)); n != len(text) || err != nil {
		t.Errorf("wrote %d bytes, %v, want all %d", n, err, len(text))
	}
	if got := shown.String(); got != "\r\x1b[Kthe endpoint says "+redact.Mask {
		t.Errorf("got %q", got)
	}
	if masking(nil, nil) != nil {
		t.Error("a terminal out of nothing")
	}
}
