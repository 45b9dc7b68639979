package protocol

import (
	"bytes"

	"github.com/go-json-experiment/json/jsontext"
)

// plain returns a member's key without escapes.
func (d *Decoder) plain(key []byte) []byte {
	if bytes.IndexByte(key, '\\') < 0 {
		return key
	}
	return d.unquote(d.b[d.offset(key)-1 : d.offset(key)+len(key)+1])
}

// offset is where a span of the line begins.
func (d *Decoder) offset(span []byte) int { return cap(d.b) - cap(span) }

// unquote returns what a string, quotes included, means.
func (d *Decoder) unquote(quoted []byte) []byte {
	if inner := quoted[1 : len(quoted)-1]; bytes.IndexByte(inner, '\\') < 0 {
		return inner
	}
	start := len(d.scratch)
	// The error is about a lone surrogate, which becomes U+FFFD, as in a catalog that has the name.
	d.scratch, _ = jsontext.AppendUnquote(d.scratch, quoted)
	return d.scratch[start:]
}

// text scans a string into dst; null leaves it empty.
func (d *Decoder) text(i int, dst *[]byte, f *fault, name string) int {
	end := value(d.b, i, 4)
	if end < 0 {
		return end
	}
	switch d.b[i] {
	case '"':
		*dst = d.unquote(d.b[i:end])
	case 'n':
		*dst = nil
	default:
		f.set(i, "%s is not a string", name)
	}
	return end
}

// keep scans any value into dst as it came; null, or another kind than the protocol's, leaves it
// nil.
func (d *Decoder) keep(i int, kind jsontext.Kind, dst *[]byte) int {
	end := value(d.b, i, 3)
	*dst = nil
	if end > 0 && jsontext.Value(d.b[i:end]).Kind() == kind {
		*dst = d.b[i:end]
	}
	return end
}
