package answer

import (
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Verdict is what a 2xx answer says of a single row. The answer's body has them in a list:
//
//	{"rejected":[{"index":3,"reason":"no such country"},{"primary_key":"user-7","retry":true}]}
//
// A row is named by its index in the request or by its primary key as it was sent.
type Verdict struct {
	Index      *int           `json:"index"`
	PrimaryKey jsontext.Value `json:"primary_key"`
	Reason     string         `json:"reason"`
	Retry      bool           `json:"retry"` // the endpoint wants the row once more
}

// ParseVerdicts reads an answer's body. Most endpoints answer anything: a body that does not have
// exactly this shape has no verdicts.
func ParseVerdicts(body []byte) []Verdict {
	var v struct {
		Rejected []Verdict `json:"rejected"`
	}
	if json.Unmarshal(body, &v, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)) != nil {
		return nil
	}
	if slices.ContainsFunc(v.Rejected, func(r Verdict) bool { return r.Index == nil && r.PrimaryKey == nil }) {
		return nil
	}
	return v.Rejected
}

// Rows finds the rows of a request by what a verdict names them.
type Rows struct {
	count int
	key   func(place int) []byte
	byKey map[string][]int // nil: not made yet
}

// NewRows returns a finder for count rows. key returns a row's primary key as it was sent, nil if
// it has none; it is called at most once for each row, and only if a verdict names a row by its
// key.
func NewRows(count int, key func(place int) []byte) *Rows { return &Rows{count: count, key: key} }

// Places returns the places of the rows that a verdict speaks of; one outside the request is no row
// of ours. The rows of a key are returned once: an endpoint that repeats itself must not cost more
// than it wrote.
func (r *Rows) Places(v *Verdict) []int {
	if v.Index != nil {
		if *v.Index < 0 || *v.Index >= r.count {
			return nil
		}
		return []int{*v.Index}
	}
	if r.byKey == nil {
		r.indexKeys()
	}
	name := canonical(v.PrimaryKey)
	places := r.byKey[name]
	delete(r.byKey, name)
	return places
}

func (r *Rows) indexKeys() {
	r.byKey = make(map[string][]int, r.count)
	for i := range r.count {
		if k := r.key(i); k != nil {
			name := canonical(k)
			r.byKey[name] = append(r.byKey[name], i)
		}
	}
}

// maxNesting is how deep a key may be nested for its members to be put in order. The library moves
// the content of a deep value once for each level, and keys are rarely nested at all.
const maxNesting = 32

// canonical returns one form for all the ways to write a JSON value. A value that is nested too
// deep is its own form.
func canonical(value []byte) string {
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
