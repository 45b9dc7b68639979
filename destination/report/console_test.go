package report

import (
	"strings"
	"testing"

	"destination-webhook/destination/redact"
)

// shown is a Console that keeps what it is given.
type shown struct {
	lines []string
	texts []string
}

func (s *shown) Progress(line string) { s.lines = append(s.lines, line) }
func (s *shown) Print(text string)    { s.texts = append(s.texts, text) }
func (s *shown) ShowsLog() bool       { return true }

func TestConsoleShowsNoSecret(t *testing.T) {
	s := &shown{}
	c := Masked(s, redact.New("hunter2").String)
	c.Progress("the endpoint says hunter2\x1b[2J")
	c.Print("stream hunter2\n")
	if got := strings.Join(append(s.lines, s.texts...), "|"); got != "the endpoint says "+redact.Mask+`\x1b[2J|stream `+redact.Mask+"\n" {
		t.Errorf("got %q", got)
	}
	if Masked(nil, nil) != nil {
		t.Error("a console out of nothing")
	}
}
