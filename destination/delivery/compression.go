package delivery

import (
	"bytes"
	"sync"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// encode is a content coding. Its zero value sends bodies as they are.
type encode struct {
	name string // for Content-Encoding
	into func(b *bytes.Buffer, data []byte)
}

// buffers hold compressed bodies, each for one delivery.
var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// newEncode picks the fastest level: the sender shares its cores with the reader, and the network
// is seldom the bottleneck.
func newEncode(name string) encode {
	switch name {
	case "gzip":
		return encode{name, gzipInto()}
	case "zstd":
		return encode{name, zstdInto()}
	}
	return encode{}
}

func gzipInto() func(*bytes.Buffer, []byte) {
	writers := sync.Pool{New: func() any {
		w, err := gzip.NewWriterLevel(nil, gzip.BestSpeed)
		if err != nil {
			panic(err) // the level is a constant
		}
		return w
	}}
	return func(b *bytes.Buffer, data []byte) {
		w := writers.Get().(*gzip.Writer)
		defer writers.Put(w)
		w.Reset(b)
		_, _ = w.Write(data) // a bytes.Buffer does not fail
		_ = w.Close()
	}
}

func zstdInto() func(*bytes.Buffer, []byte) {
	w, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest))
	if err != nil {
		panic(err) // the options are constants
	}
	return func(b *bytes.Buffer, data []byte) {
		b.Grow(len(data) / 2) // so that it is encoded in place: rows seldom shrink by less
		b.Write(w.EncodeAll(data, b.AvailableBuffer()))
	}
}
