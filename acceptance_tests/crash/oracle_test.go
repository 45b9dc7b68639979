package main

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// small is a plan of two records and a state, and again.
func small(style string) *plan {
	p := &plan{style: style, streams: []stream{{name: "users", keyed: true}}}
	scope := 0
	if style != "stream" {
		scope = everyStream
	}
	for i := range 6 {
		p.append(message{stream: 0, key: 1, bad: i == 4})
		if i%3 == 2 {
			p.messages[len(p.messages)-1] = message{position: i + 1, state: true, stream: scope}
		}
	}
	return p
}

// story is what a process does, told to an oracle.
type story struct {
	*oracle
	t *testing.T
}

func (s story) arrive(positions ...int) {
	for _, i := range positions {
		if _, err := fmt.Fprintf(s.oracle, `{"stream":"users","data":{"id":"key 1","position":%d}}`+"\n", i); err != nil {
			s.t.Fatal(err)
		}
	}
}

func (s story) state(position, records int) error {
	in := s.input.states[position]
	at := strings.LastIndex(in, "}}")
	return s.claim([]byte(in[:at] + fmt.Sprintf(`,"destinationStats":{"recordCount":%d.0}`, records) + in[at:]))
}

func TestOracle(t *testing.T) {
	honest := func(s story) error {
		s.arrive(1, 2)
		if err := s.state(3, 2); err != nil {
			return err
		}
		s.arrive(4)
		return errors.Join(s.state(6, 2), s.close())
	}
	tests := map[string]struct {
		tell func(s story) error
		want string
	}{
		"all is well":          {honest, ""},
		"a state too early":    {func(s story) error { s.arrive(1); return s.state(3, 2) }, "before the records at [2] had arrived"},
		"a state twice":        {func(s story) error { s.arrive(1, 2); return errors.Join(s.state(3, 2), s.state(3, 2)) }, "came out after"},
		"states out of order":  {func(s story) error { s.arrive(1, 2, 4); return errors.Join(s.state(6, 2), s.state(3, 2)) }, "came out after"},
		"a wrong count":        {func(s story) error { s.arrive(1, 2); return s.state(3, 1) }, "speaks for 1 records"},
		"an invented state":    {func(s story) error { return s.claim([]byte(`{"type":"STATE","state":{"id":3}}` + "\n")) }, "did not go in"},
		"an invented row":      {func(s story) error { _, err := s.Write([]byte(`{"stream":"users","data":{"position":3}}`)); return err }, "nobody sent"},
		"a missing state":      {func(s story) error { s.arrive(1, 2, 4); return errors.Join(s.state(3, 2), s.close()) }, "1 of 2 states"},
		"a record after later": {func(s story) error { s.arrive(4, 2, 1); return errors.Join(s.state(3, 2), s.state(6, 2), s.close()) }, "after its successor"},
	}
	for name, test := range tests {
		for _, style := range []string{"stream", "global", "legacy"} {
			t.Run(name+"/"+style, func(t *testing.T) {
				b := newOracle(small(style), func() ([]int, error) { return []int{5}, nil })
				b.begin()
				err := test.tell(story{b, t})
				if text := fmt.Sprint(err); err == nil && test.want != "" || test.want == "" && err != nil || !strings.Contains(text, test.want) && test.want != "" {
					t.Errorf("the oracle says %v, want %q", err, test.want)
				}
			})
		}
	}
}

// If batches are compacted, a later row that arrived counts for those of its key before it, and a
// refused one takes them with it.
func TestOracleOfReplacedRows(t *testing.T) {
	p := small("stream")
	p.settings.compact = true
	b := newOracle(p, func() ([]int, error) { return []int{4, 5}, nil })
	b.begin()
	s := story{b, t}
	if err := s.state(3, 2); err == nil {
		t.Error("a state came out before any row, and the oracle agrees")
	}
	b.at.streams[0] = 0
	b.claimed = 0
	s.arrive(2)
	if err := errors.Join(s.state(3, 2), s.state(6, 2), s.close()); err != nil {
		t.Error(err)
	}
	for position, want := range map[int]bool{1: true, 4: true, 5: true} {
		if got := p.mayBeRejected(position); got != want {
			t.Errorf("record %d may be rejected: %v", position, got)
		}
	}
}

// What a process has claimed is not sent again, and all else is.
func TestResumption(t *testing.T) {
	b := newOracle(small("stream"), func() ([]int, error) { return nil, nil })
	if first := b.begin(); strings.Count(string(first.lines), "RECORD") != 4 || len(first.states) != 2 {
		t.Errorf("the whole input is %s", first.lines)
	}
	s := story{b, t}
	s.arrive(1, 2)
	if err := s.state(3, 2); err != nil {
		t.Fatal(err)
	}
	if rest := b.begin(); strings.Count(string(rest.lines), "RECORD") != 2 || len(rest.states) != 1 {
		t.Errorf("the rest of the input is %s", rest.lines)
	}
}

func TestLetter(t *testing.T) {
	tests := map[string]struct {
		line string
		want bool
	}{
		"a refused record":  {`{"type":"RECORD","record":{"data":{"position":5},"meta":{"rejection":{"reason":"bad"}}}}`, true},
		"a good record":     {`{"type":"RECORD","record":{"data":{"position":4},"meta":{"rejection":{"reason":"bad"}}}}`, false},
		"without a reason":  {`{"type":"RECORD","record":{"data":{"position":5}}}`, false},
		"half a line":       {`{"type":"RECORD","record":{"data":{"posi`, false},
		"an unknown record": {`{"type":"RECORD","record":{"data":{"position":50},"meta":{"rejection":{"reason":"bad"}}}}`, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if _, err := letter([]byte(test.line), small("stream")); (err == nil) != test.want {
				t.Errorf("letter: %v", err)
			}
		})
	}
}
