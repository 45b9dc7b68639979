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
