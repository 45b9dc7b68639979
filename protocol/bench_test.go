package protocol

import (
	"encoding/json"
	"errors"
	"io"
	"testing"

	"github.com/tidwall/gjson"

	"destination-webhook/bench/shape"
)

// benchRows is how many lines a benchmark goes over: about a block of typical ones.
const benchRows = 600

func benchBlock(s shape.Shape) []byte {
	var block []byte
	for i := range benchRows {
		block = s.AppendRecord(block, "users", 100_000+i)
	}
	return block
}

func eachShape(b *testing.B, f func(b *testing.B, block []byte)) {
	for _, s := range []shape.Shape{shape.Narrow, shape.Typical, shape.Wide} {
		b.Run(s.String(), func(b *testing.B) {
			block := benchBlock(s)
			b.SetBytes(int64(len(block)))
			b.ReportAllocs()
			f(b, block)
		})
	}
}

// BenchmarkDecoder is the way of a line through the decoder, BenchmarkGJSON what the fastest
// library that refuses all that is not JSON takes to find its data.
func BenchmarkDecoder(b *testing.B) {
	eachShape(b, func(b *testing.B, block []byte) {
		var d Decoder
		var m Message
		for b.Loop() {
			d.Reset(block)
			for {
				if err := d.Next(&m); errors.Is(err, io.EOF) {
					break
				} else if err != nil {
					b.Fatal(err)
				}
			}
		}
	})
}

// BenchmarkMessages is the same if one goroutine decodes the block for another one.
func BenchmarkMessages(b *testing.B) {
	eachShape(b, func(b *testing.B, block []byte) {
		var d Decoder
		var ms Messages
		var m Message
		for b.Loop() {
			d.Decode(block, &ms)
			for {
				if err := ms.Next(&m); errors.Is(err, io.EOF) {
					break
				} else if err != nil {
					b.Fatal(err)
				}
			}
		}
	})
}

func BenchmarkGJSON(b *testing.B) {
	eachLine(b, func(b *testing.B, line []byte) {
		if !gjson.ValidBytes(line) || !gjson.GetBytes(line, "record.data").IsObject() {
			b.Fatal("no data")
		}
	})
}

func BenchmarkEncodingJSON(b *testing.B) {
	eachLine(b, func(b *testing.B, line []byte) {
		var m struct {
			Record struct{ Data json.RawMessage }
		}
		if err := json.Unmarshal(line, &m); err != nil {
			b.Fatal(err)
		}
	})
}

func eachLine(b *testing.B, f func(b *testing.B, line []byte)) {
	eachShape(b, func(b *testing.B, block []byte) {
		for b.Loop() {
			for rest := block; len(rest) > 0; {
				end := 0
				for rest[end] != '\n' {
					end++
				}
				f(b, rest[:end])
				rest = rest[end+1:]
			}
		}
	})
}

// BenchmarkLookup finds a key and a nested field.
func BenchmarkLookup(b *testing.B) {
	eachShape(b, func(b *testing.B, block []byte) {
		var d Decoder
		var m Message
		var data [][]byte
		for d.Reset(block); d.Next(&m) == nil; {
			data = append(data, m.Record.Data)
		}
		lookup := NewLookup([]string{"id"}, []string{"_ab_cdc_deleted_at"})
		var values [][]byte
		for b.Loop() {
			for _, object := range data {
				values = lookup.Find(object, values)
			}
		}
	})
}
