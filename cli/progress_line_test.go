package cli

import (
	"bytes"
	"testing"
	"time"
)

func TestCut(t *testing.T) {
	for _, test := range []struct {
		text    string
		columns int
		want    string
	}{{"rows", 4, "rows"}, {"rows", 3, "ro…"}, {"größe", 5, "größe"}, {"größe", 4, "grö…"}, {"rows", 0, "…"}} {
		if got := cut(test.text, test.columns); got != test.want {
			t.Errorf("cut(%q, %d) = %q, want %q", test.text, test.columns, got, test.want)
		}
	}
}

// A message clears the progress, and draws it again below itself.
func TestMessagesAppearAboveTheProgress(t *testing.T) {
	var screen bytes.Buffer
	v := &view{text: &screen, all: true, progress: progressLine{w: &screen}, now: clock}
	v.Progress("7 rows")
	v.Print("summary\n")
	_, err := v.write([]byte(`{"type":"LOG","log":{"level":"INFO","message":"a\u001bb"}}` + "\n"))
	v.Close()
	const want = "\r\x1b[K7 rows" +
		"\r\x1b[Ksummary\n\r\x1b[K7 rows" +
		"\r\x1b[K12:30:15  INFO   a\\x1bb\n\r\x1b[K7 rows" +
		"\r\x1b[K"
	if got := screen.String(); err != nil || got != want {
		t.Errorf("%v, got %q\nwant %q", err, got, want)
	}
}

func clock() time.Time { return time.Date(2026, 11, 24, 12, 30, 15, 0, time.UTC) }
