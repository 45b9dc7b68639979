package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/google/go-cmp/cmp"

	"destination-webhook/bench/shape"
	"destination-webhook/protocol"
)

func TestCounterSeesLinesThroughAnySplit(t *testing.T) {
	text := []byte("{\"type\":\"STATE\",1}\n{\"type\":\"LOG\"}\n\n{\"type\":\"STATE\",2}\n")
	for size := 1; size <= len(text); size++ {
		c := &counter{word: []byte(`{"type":"STATE"`)}
		for rest := text; len(rest) > 0; {
			n, _ := c.Write(rest[:min(size, len(rest))])
			rest = rest[n:]
		}
		if c.lines != 2 {
			t.Errorf("in pieces of %d bytes: %d lines, want 2", size, c.lines)
		}
	}
}

// TestInputHoldsWhatItSays decodes what is generated.
func TestInputHoldsWhatItSays(t *testing.T) {
	for _, in := range []input{
		{Shape: "narrow", Rows: 1000, Streams: 1, States: 100, Times: 1},
		{Shape: "typical", Rows: 1000, Streams: 7, States: 1, Times: 1},
		{Shape: "wide", Rows: 10, Streams: 20, States: 10_000, Times: 1},
	} {
		b, err := in.generate()
		if err != nil {
			t.Fatal(err)
		}
		var d protocol.Decoder
		var m protocol.Message
		counts := map[protocol.Type]int{}
		for d.Reset(b); ; counts[m.Type]++ {
			if err := d.Next(&m); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatal(err)
			}
		}
		want := map[protocol.Type]int{protocol.TypeRecord: in.Rows, protocol.TypeState: in.states()}
		if diff := cmp.Diff(want, counts); diff != "" {
			t.Errorf("%+v (-want +got):\n%s", in, diff)
		}
	}
}

// TestRatiosAreOfOneRound slows one round down for both sides: the ratio does not move.
func TestRatiosAreOfOneRound(t *testing.T) {
	results := []result{
		{Rows: 100, Runs: []sample{{Seconds: 1, CPU: 1}, {Seconds: 10, CPU: 8}, {Seconds: 1, CPU: 1}}},
		{Rows: 100, Runs: []sample{{Seconds: 2, CPU: 3}, {Seconds: 20, CPU: 24}, {Seconds: 2.5, CPU: 4}}},
	}
	for i := range results {
		results[i].summarize(&results[0])
	}
	got := []float64{results[1].ThroughputRatio, results[1].CPURatio, results[1].Lowest, results[1].Highest, results[0].ThroughputRatio}
	if diff := cmp.Diff([]float64{0.5, 3, 0.4, 0.5, 1}, got); diff != "" {
		t.Errorf("throughput, CPU, lowest, highest, the first's own (-want +got):\n%s", diff)
	}
}

func TestVerdict(t *testing.T) {
	for _, tt := range []struct {
		ratio, target float64
		want          string
	}{{1, 0, "–"}, {0.5, 0.5, "≥ 0.50"}, {0.4, 0.5, "≥ 0.50 missed"}} {
		if got := (&result{ThroughputRatio: tt.ratio, Target: tt.target}).verdict(); got != tt.want {
			t.Errorf("ratio %v, target %v: %q, want %q", tt.ratio, tt.target, got, tt.want)
		}
	}
}

// TestComparisonsCanRun checks what a typing mistake in the table would break.
func TestComparisonsCanRun(t *testing.T) {
	names := map[string]bool{}
	for _, c := range comparisons(&options{rows: 1000, shape: "typical"}) {
		for n, contender := range c.contenders {
			if id := fmt.Sprint(c.name, contender.name); names[id] {
				t.Errorf("%s, %s: stands twice", c.name, contender.name)
			} else {
				names[id] = true
			}
			if _, ok := parts[contender.program]; contender.program != "" && !ok {
				t.Errorf("%s, %s: there is no part %s", c.name, contender.name, contender.program)
			}
			in := c.in(n)
			if _, err := shape.Parse(in.Shape); err != nil || min(in.Rows, in.Streams, in.States, in.Times) < 1 {
				t.Errorf("%s, %s: cannot be fed %+v", c.name, contender.name, in)
			}
			if _, err := protocol.ParseCatalog(contender.catalog(in)); err != nil {
				t.Errorf("%s, %s: %v", c.name, contender.name, err)
			}
		}
	}
}

func TestTable(t *testing.T) {
	var b bytes.Buffer
	printTable(&b, []result{{Comparison: "typical", Name: "floor", RowsPerSecond: 2.5e6, ThroughputRatio: 1, Lowest: 1, Highest: 1}})
	if !bytes.Contains(b.Bytes(), []byte("2500 k")) || bytes.Count(b.Bytes(), []byte("\n")) != 3 {
		t.Errorf("the table is\n%s", &b)
	}
}
