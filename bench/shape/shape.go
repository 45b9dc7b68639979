// Package shape generates Airbyte messages of known sizes for measurements. The same arguments
// always give the same bytes.
package shape

import (
	"fmt"
	"strconv"
)

// Shape is a kind of record.
type Shape int

// The shapes, with the mean length of their lines in bytes.
const (
	Narrow Shape = iota // 146: three scalars
	// 423: a nested object, an array, escapes, unicode, floats and integers beyond a double's.
	Typical
	Wide // 4.1 kB: sixty columns and a text
)

var names = [...]string{"narrow", "typical", "wide"}

func (s Shape) String() string { return names[s] }

// Parse returns the shape of a name.
func Parse(name string) (Shape, error) {
	for i, n := range names {
		if n == name {
			return Shape(i), nil
		}
	}
	return 0, fmt.Errorf("shape %q: there are %v", name, names)
}

// Rows is how many rows of the shape are about as many bytes as n typical ones.
func (s Shape) Rows(n int) int { return [...]int{3 * n, n, n / 10}[s] }

// emittedAt is the time of the first record, in milliseconds since 1970.
const emittedAt = 1_700_000_000_000

// AppendRecord appends the line of record number i of a stream.
func (s Shape) AppendRecord(dst []byte, stream string, i int) []byte {
	dst = append(append(dst, `{"type":"RECORD","record":{"stream":"`...), stream...)
	dst = append(dst, `","namespace":"public","data":`...)
	dst = s.AppendData(dst, i)
	dst = strconv.AppendInt(append(dst, `,"emitted_at":`...), emittedAt+int64(i), 10)
	return append(dst, "}}\n"...)
}

// AppendData appends the data of record number i alone.
func (s Shape) AppendData(dst []byte, i int) []byte {
	seed := random(i)
	r := random(seed.next()) // far from those of the neighbours
	switch s {
	case Narrow:
		return r.narrow(dst, i)
	case Typical:
		return r.typical(dst, i)
	}
	return r.wide(dst, i)
}

// AppendState appends the line of a state of a stream, after record i.
func AppendState(dst []byte, stream string, i int) []byte {
	dst = append(append(dst, `{"type":"STATE","state":{"type":"STREAM","stream":{"stream_descriptor":{"name":"`...), stream...)
	dst = append(dst, `","namespace":"public"},"stream_state":{"cursor":`...)
	return append(strconv.AppendInt(dst, int64(i), 10), "}}}}\n"...)
}
