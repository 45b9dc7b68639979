package protocol

import (
	"bytes"
	"encoding/binary"
	"math/bits"

	"github.com/go-json-experiment/json/jsontext"
)

// Lookup finds fields of JSON objects by their paths. It is for objects that a Decoder has
// validated: it looks for quotes and brackets only, which makes it several times as fast as a scan.
// If a name comes twice the last one counts, as for most receivers. It is safe for concurrent use.
type Lookup struct {
	root  lookupLevel
	paths int
}

// lookupLevel is what is looked for among the members of one object.
type lookupLevel []lookupField

type lookupField struct {
	name  string
	paths []int       // that end here
	below lookupLevel // of the paths that go on
}

// NewLookup returns a Lookup for the paths, each a list of names from the outside in.
func NewLookup(paths ...[]string) *Lookup {
	l := &Lookup{paths: len(paths)}
	for n, path := range paths {
		l.root.insert(path, n)
	}
	return l
}

func (l *lookupLevel) insert(path []string, n int) {
	f := l.named([]byte(path[0]))
	if f == nil {
		*l = append(*l, lookupField{name: path[0]})
		f = &(*l)[len(*l)-1]
	}
	if len(path) > 1 {
		f.below.insert(path[1:], n)
	} else {
		f.paths = append(f.paths, n)
	}
}

// named returns what is looked for under the name; nil if nothing is.
func (l lookupLevel) named(name []byte) *lookupField {
	for i := range l {
		if l[i].name == string(name) {
			return &l[i]
		}
	}
	return nil
}

// Find returns the values of the paths in the object, as they came; nil for a path that leads
// nowhere. It uses the memory of values.
func (l *Lookup) Find(object []byte, values [][]byte) [][]byte {
	values = values[:0]
	for range l.paths {
		values = append(values, nil)
	}
	l.root.find(object, values)
	return values
}

// find walks the members of the object b.
func (l lookupLevel) find(b []byte, values [][]byte) {
	i := skipBlank(b, 1)
	for b[i] != '}' {
		end := skipString(b, i+1)
		start := skipBlank(b, skipBlank(b, end)+1) // after the colon
		next := skipValue(b, start)
		if key := b[i+1 : end-1]; bytes.IndexByte(key, '\\') < 0 {
			l.match(key, b[start:next], values)
		} else {
			name, _ := jsontext.AppendUnquote(nil, b[i:end])
			l.match(name, b[start:next], values)
		}
		if i = skipBlank(b, next); b[i] == ',' {
			i = skipBlank(b, i+1)
		}
	}
}

func (l lookupLevel) match(key, value []byte, values [][]byte) {
	f := l.named(key)
	if f == nil {
		return
	}
	f.found(value, values)
	if value[0] == '{' && len(f.below) > 0 {
		f.below.find(value, values)
	}
}

// found notes the value, and drops what was found in an earlier member of the same name: the last
// one counts, whole.
func (f *lookupField) found(value []byte, values [][]byte) {
	for _, n := range f.paths {
		values[n] = value
	}
	f.below.forget(values)
}

func (l lookupLevel) forget(values [][]byte) {
	for i := range l {
		l[i].found(nil, values)
	}
}

func skipBlank(b []byte, i int) int {
	for b[i] <= ' ' {
		i++
	}
	return i
}

// skipString returns the index after the string whose first byte is b[i]; see str for how it looks
// at eight at a time.
func skipString(b []byte, i int) int {
	for {
		for i+8 <= len(b) {
			w := binary.LittleEndian.Uint64(b[i:])
			q, s := w^quotes, w^slants
			special := ((q-ones)&^q | (s-ones)&^s) & highs
			if special != 0 {
				i += bits.TrailingZeros64(special) / 8
				break
			}
			i += 8
		}
		switch b[i] {
		case '"':
			return i + 1
		case '\\':
			i += 2
		default:
			i++
		}
	}
}

// skipValue returns the index after the value at b[i].
func skipValue(b []byte, i int) int {
	switch b[i] {
	case '"':
		return skipString(b, i+1)
	case '{', '[':
		return skipNested(b, i)
	}
	for i < len(b) && !ends[b[i]] {
		i++
	}
	return i
}

// ends marks the bytes that end a number or a literal.
var ends = [256]bool{',': true, '}': true, ']': true, ' ': true, '\t': true, '\r': true, '\n': true}

func skipNested(b []byte, i int) int {
	depth := 0
	for {
		switch b[i] {
		case '"':
			i = skipString(b, i+1)
			continue
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return i + 1
			}
		}
		i++
	}
}
