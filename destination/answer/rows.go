package answer

import (
	"slices"

	"github.com/go-json-experiment/json/jsontext"

	"destination-webhook/destination/canonical"
)

// Rows finds the rows of a request by what a verdict names them.
type Rows struct {
	count int
	key   func(place int) []byte
	byKey map[string][]int // nil: not made yet

	// byIdentity has the rows by their keys as numbers; see canonical.Canonicalizer.AppendKey.
	byIdentity map[string][]int
	form       canonical.Canonicalizer
}

// NewRows returns a finder for count rows. key returns a row's primary key as it was sent, nil if
// it has none; it is called at most once for each row, and only if a verdict names a row by its
// key.
func NewRows(count int, key func(place int) []byte) *Rows { return &Rows{count: count, key: key} }

// find returns the places of the rows with a primary key, and whether there are any: those of the
// key as it is written, or if there are none or it has numbers, those of equal numbers. The places
// of a key are returned once: an endpoint that repeats itself must not cost more than it wrote.
func (r *Rows) find(key jsontext.Value) (places []int, known bool) {
	if r.byKey == nil {
		r.indexKeys()
	}
	name := canonicalize(asSent(key))
	if places, known = r.byKey[name]; known && !hasNumber(key) {
		r.byKey[name] = nil
		return places, true
	}
	name = r.identity(name)
	if places, known = r.byIdentity[name]; known {
		r.byIdentity[name] = nil
	}
	return places, known
}

// named reports whether a row has a primary key.
func (r *Rows) named(place int, key jsontext.Value) bool {
	own := r.key(place)
	return own != nil && r.identity(canonicalize(asSent(key))) == r.identity(canonicalize(own))
}

func (r *Rows) identity(name string) string { return string(r.form.AppendKey(nil, []byte(name))) }

// hasNumber reports whether a key is a number, or has one among its fields.
func hasNumber(key jsontext.Value) bool {
	var fields []jsontext.Value
	if key.Kind() != '[' || unmarshal(key, &fields) != nil {
		fields = []jsontext.Value{key}
	}
	return slices.ContainsFunc(fields, func(v jsontext.Value) bool { return v.Kind() == '0' })
}

func (r *Rows) indexKeys() {
	r.byKey, r.byIdentity = make(map[string][]int, r.count), make(map[string][]int, r.count)
	for i := range r.count {
		if k := r.key(i); k != nil {
			name := canonicalize(k)
			r.byKey[name] = append(r.byKey[name], i)
			identity := r.identity(name)
			r.byIdentity[identity] = append(r.byIdentity[identity], i)
		}
	}
}

// asSent returns a key in which each number is a text of its digits: a row's key is sent in that
// form, and an endpoint may answer with the number that the key is.
func asSent(key jsontext.Value) []byte {
	switch key.Kind() {
	case '0':
		return slices.Concat([]byte(`"`), key, []byte(`"`))
	case '[':
		var elements []jsontext.Value
		if unmarshal(key, &elements) != nil {
			return key
		}
		b := []byte("[")
		for i, element := range elements {
			if i > 0 {
				b = append(b, ',')
			}
			if element.Kind() == '0' {
				element = asSent(element)
			}
			b = append(b, element...)
		}
		return append(b, ']')
	}
	return key
}

// maxNesting is how deep a key may be nested for its members to be put in order. The library moves
// the content of a deep value once for each level, and keys are rarely nested at all.
const maxNesting = 32

// canonicalize returns one form for all the ways to write a JSON value. A value that is nested too
// deep is its own form.
func canonicalize(value []byte) string {
	if nestedDeeper(value, maxNesting) {
		return string(value)
	}
	v := jsontext.Value(value).Clone()
	if v.Canonicalize(jsontext.AllowInvalidUTF8(true), jsontext.AllowDuplicateNames(true)) != nil {
		return string(value)
	}
	return string(v)
}

// nestedDeeper reports whether a JSON value has brackets within more than limit others.
func nestedDeeper(value []byte, limit int) bool {
	depth, quoted := 0, false
	for i := 0; i < len(value); i++ {
		switch b := value[i]; {
		case b == '"':
			quoted = !quoted
		case b == '\\' && quoted:
			i++
		case quoted:
		case b == '[' || b == '{':
			if depth++; depth > limit {
				return true
			}
		case b == ']' || b == '}':
			depth--
		}
	}
	return false
}
