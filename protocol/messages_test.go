package protocol

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// decodedAhead decodes blocks in turn by several decoders, as goroutines would, and returns the
// answers up to the first error.
func decodedAhead(blocks [][]byte, decoders int) (answers []any) {
	all := make([]*Decoder, decoders)
	for i := range all {
		all[i] = &Decoder{}
		all[i].Find("", "a", NewLookup([]string{"id"}, []string{"x", "y"}))
		if i > 0 {
			all[i].Continue()
		}
	}
	messages := make([]Messages, len(blocks))
	for i, block := range blocks {
		all[i%decoders].Decode(block, &messages[i])
	}
	before := int64(0)
	var m Message
	for i := range messages {
		messages[i].First = before
		before += messages[i].Lines
		for {
			err := messages[i].Next(&m)
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return append(answers, err)
			}
			answers = append(answers, see(&m), foundIn(&m))
		}
	}
	return append(answers, before)
}

func foundIn(m *Message) (fields []string) {
	if m.Type != TypeRecord {
		return nil
	}
	for _, f := range m.Record.Fields {
		fields = append(fields, string(f))
	}
	return fields
}

// decodedInTurn is the same by one decoder that goes from message to message.
func decodedInTurn(text []byte) (answers []any) {
	var d Decoder
	d.Find("", "a", NewLookup([]string{"id"}, []string{"x", "y"}))
	d.Reset(text)
	var m Message
	for {
		err := d.Next(&m)
		if errors.Is(err, io.EOF) {
			return append(answers, d.Line())
		}
		if err != nil {
			return append(answers, err)
		}
		if m.Type != "" {
			answers = append(answers, see(&m), foundIn(&m))
		}
	}
}

// Blocks that several decoders decode ahead of each other give the messages, line numbers and
// errors of one decoder.
func TestDecodingAheadChangesNoAnswer(t *testing.T) {
	for seed := range uint64(300) {
		c := composer{rand.New(rand.NewPCG(seed, 0))}
		var text []byte
		var blocks [][]byte
		if seed%5 == 0 {
			text = append(text, byteOrderMark...)
		}
		for begin := 0; len(blocks) < 12; blocks, begin = append(blocks, bytes.Clone(text[begin:])), len(text) {
			for range c.IntN(8) + 1 {
				line := c.line()
				if c.IntN(50) == 0 {
					line = c.spoil(line)
				}
				text = append(append(text, line...), '\n')
			}
		}
		want := decodedInTurn(text)
		for decoders := range 5 {
			if diff := cmp.Diff(want, decodedAhead(blocks, decoders+1)); diff != "" {
				t.Fatalf("seed %d, %d decoders (-one in turn +ahead):\n%s", seed, decoders+1, diff)
			}
		}
	}
}

// Messages say of a record that its stream is that of the record before it only if it is. With them
// are states, and records that have a fault, whose stream is kept elsewhere.
func TestSameStreamIsThatOfTheRecordBefore(t *testing.T) {
	line := func(stream, data string) string {
		return `{"type":"RECORD","record":{"stream":"` + stream + `","data":` + data + `,"emitted_at":1}}` + "\n"
	}
	state := `{"type":"STATE","state":{"type":"STREAM","stream":{"stream_descriptor":{"name":"b"},"stream_state":{}}}}` + "\n"
	escaped := `{"record":{"data":{},"stream":"\u0061"},"type":"RECORD"}` + "\n"
	a, b, faulty := line("a", `{"x":1}`), line("b", `{"x":1}`), line("b", `{"x":NaN}`)
	twice := `{"type":"RECORD","record":{"stream":"a","data":{"x":1},"stream":"b"}}` + "\n" // the last one counts
	block := []byte(a + a + a + state + a + b + b + a + a + faulty + a + faulty + faulty + b + b + escaped + a + twice + a)
	var d Decoder
	var messages Messages
	for range 2 { // the second time each stream is known
		d.Decode(block, &messages)
		want := []string{"-aaa-b-a-----b----", "aaaabbaababbbbaaba"}
		if diff := cmp.Diff(want, sameStreams(&messages)); diff != "" {
			t.Error(diff)
		}
		again := messages.Again()
		if diff := cmp.Diff(want, sameStreams(&again)); diff != "" {
			t.Error(diff)
		}
	}
}

// sameStreams returns the stream of each record, first as far as it is said to be that of the record
// before it.
func sameStreams(messages *Messages) []string {
	var same, streams string
	for m := (Message{}); messages.Next(&m) == nil; {
		if m.Type != TypeRecord {
			continue
		}
		stream := string(m.Record.Stream)
		if streams += stream; m.Record.SameStream {
			same += stream
		} else {
			same += "-"
		}
	}
	return []string{same, streams}
}

// A block's memory is used again without allocating.
func TestDecodingAheadDoesNotAllocate(t *testing.T) {
	block := bytes.Repeat([]byte(`{"type":"RECORD","record":{"stream":"a","data":{"id":1,"x":{"y":2}},"emitted_at":1}}`+"\n"), 100)
	var d Decoder
	d.Find("", "a", NewLookup([]string{"id"}, []string{"x", "y"}))
	var messages Messages
	var m Message
	work := func() {
		d.Decode(block, &messages)
		for messages.Next(&m) == nil {
			if len(m.Record.Fields) != 2 {
				t.Fatalf("%d fields", len(m.Record.Fields))
			}
		}
	}
	work()
	if n := testing.AllocsPerRun(10, work); n > 0 {
		t.Errorf("%v allocations a block", n)
	}
}
