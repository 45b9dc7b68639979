package protocol

import "github.com/go-json-experiment/json/jsontext"

// The records of a stream mostly have the same keys in the same order. A layout remembers them, and
// if the next key is the one that was there before, a comparison takes the place of scanning
// it. A layout only ever guesses: each guess is compared with the text, to the byte, and what is
// not as expected is scanned like everything else. So a layout never changes the verdict on a line,
// however the records vary.

const (
	// maxKeys bounds how many keys are remembered, of all streams together; 2 MiB or so.
	maxKeys = 16 << 10
	// maxStreamKeys leaves room for other streams if a stream's keys are data, as in
	// {"2026-11-24": 1}.
	maxStreamKeys = 1 << 10
	// maxKeyText is the longest key that is remembered, in bytes.
	maxKeyText = 256
	// maxSkip is how many keys may be missing if a record lacks some.
	maxSkip = 8
)

// layout is the keys of the records of one stream, and where among them are the fields that
// somebody looks for.
type layout struct {
	name   streamName
	names  recordNames // the same, for records
	prefix prefix
	lookup *Lookup // nil: nobody looks for fields
	first  *knownKey
	keys   int      // how many there are
	total  *int     // of all layouts
	values [][]byte // of the fields, in the current record
	stray  bool     // a key of the current record is not known, so that values may be incomplete
}

// streamName is what tells streams apart.
type streamName struct{ namespace, name string }

// is reports whether the layout is that of the record's stream.
func (l *layout) is(r *Record) bool {
	return l.name.name == string(r.Stream) && l.name.namespace == string(r.Namespace)
}

// search sets which fields are looked for, and forgets the keys: they know nothing of the fields.
func (l *layout) search(lookup *Lookup) {
	l.lookup, l.values = lookup, make([][]byte, lookup.paths)
	*l.total -= l.keys
	l.first, l.keys = nil, 0
}

// data scans a record's data at b[i], depth levels deep.
func (l *layout) data(b []byte, i, depth int) int {
	l.stray = false
	clear(l.values)
	if b[i] != '{' {
		return value(b, i, depth)
	}
	var level lookupLevel
	if l.lookup != nil {
		level = l.lookup.root
	}
	return l.object(b, i, depth+1, &l.first, level)
}

// object scans the object at b[i], whose first key is expected to be *link, and takes down the
// fields of level.
func (l *layout) object(b []byte, i, depth int, link **knownKey, level lookupLevel) int {
	if depth > maxDepth {
		return ^i
	}
	if i = space(b, i+1); b[i] == '}' {
		return i + 1
	}
	for {
		k := *link
		if k != nil && k.at(b, i) {
			i += len(k.text)
		} else {
			if k, i = l.find(b, i, link, level); i < 0 {
				return i
			}
		}
		i = space(b, i)
		if k == nil {
			i = value(b, i, depth)
		} else {
			start := i
			switch c := b[i]; {
			case c == '"':
				i = str(b, i+1)
			case c-'0' <= 9:
				i = number(b, i)
			case c == '{':
				i = l.inner(b, i, depth+1, k)
			case c == '[':
				i = l.array(b, i, depth+1, &k.items)
			default:
				i = value(b, i, depth)
			}
			if k.wanted && i > 0 {
				l.found(b[start:i], k)
			}
			link = &k.next
		}
		if i < 0 {
			return i
		}
		if b[i] != ',' {
			if i = space(b, i); b[i] == '}' {
				return i + 1
			}
			if b[i] != ',' {
				return ^i
			}
		}
		i = space(b, i+1)
	}
}

// inner scans the object at b[i], the value of the key k.
func (l *layout) inner(b []byte, i, depth int, k *knownKey) int {
	if k.wanted {
		k.below.forget(l.values) // of a key that comes twice the last counts, whole
	}
	return l.object(b, i, depth, &k.inner, k.below)
}

// found takes down the value of the key k.
func (l *layout) found(value []byte, k *knownKey) {
	for _, field := range k.fields {
		l.values[field] = value
	}
	if value[0] != '{' {
		k.below.forget(l.values)
	}
}

// array scans the array at b[i], whose objects are expected to begin with the key *link.
func (l *layout) array(b []byte, i, depth int, link **knownKey) int {
	if depth > maxDepth {
		return ^i
	}
	if i = space(b, i+1); b[i] == ']' {
		return i + 1
	}
	for {
		switch b[i] {
		case '{':
			i = l.object(b, i, depth+1, link, nil)
		case '[':
			i = l.array(b, i, depth+1, link)
		default:
			i = value(b, i, depth)
		}
		if i < 0 {
			return i
		}
		if i = space(b, i); b[i] == ']' {
			return i + 1
		}
		if b[i] != ',' {
			return ^i
		}
		i = space(b, i+1)
	}
}

// find scans a key at b[i] that is not the expected one, and returns the index after its colon. The
// key is a later one of the object, if the record lacks those before it, or becomes known; nil
// if it does not.
func (l *layout) find(b []byte, i int, link **knownKey, level lookupLevel) (*knownKey, int) {
	if b[i] != '"' {
		return nil, ^i
	}
	end := str(b, i+1)
	if end < 0 {
		return nil, end
	}
	colon := space(b, end)
	if b[colon] != ':' {
		return nil, ^colon
	}
	text := b[i : colon+1]
	skipped := 0
	for k := *link; k != nil && skipped < maxSkip; k = k.next {
		if k.text == string(text) {
			return k, colon + 1
		}
		skipped++
	}
	if len(text) > maxKeyText || l.keys >= maxStreamKeys || *l.total >= maxKeys {
		l.stray = true
		return nil, colon + 1
	}
	l.keys++
	*l.total++
	k := newKnownKey(text)
	if len(level) > 0 {
		name, _ := jsontext.AppendUnquote(nil, b[i:end]) // as Lookup has it
		if f := level.named(name); f != nil {
			k.wanted, k.fields, k.below = true, f.paths, f.below
		}
	}
	k.next, *link = *link, k
	return k, colon + 1
}
