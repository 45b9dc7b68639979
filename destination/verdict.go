package destination

import (
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// verdict is what a 2xx answer says of single rows:
//
//	{"rejected":[{"index":3,"reason":"no such country"},{"primary_key":"user-7","retry":true}]}
//
// A row is named by its index in the request or by its primary key as it was sent.
type verdict struct {
	Rejected []rowVerdict `json:"rejected"`
}

type rowVerdict struct {
	Index      *int           `json:"index"`
	PrimaryKey jsontext.Value `json:"primary_key"`
	Reason     string         `json:"reason"`
	Retry      bool           `json:"retry"` // send it once more
}

// parseVerdict reads an answer's body. Most endpoints answer anything: what does not fit the shape to the letter is taken
// for no verdict.
func parseVerdict(body []byte) []rowVerdict {
	var v verdict
	if json.Unmarshal(body, &v, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)) != nil {
		return nil
	}
	if slices.ContainsFunc(v.Rejected, func(r rowVerdict) bool { return r.Index == nil && r.PrimaryKey == nil }) {
		return nil
	}
	return v.Rejected
}

// rows returns the places, among count rows, that the verdict speaks of. A place outside is no row of ours and names none.
func (r *rowVerdict) rows(count int, key func(i int) []byte) []int {
	if r.Index != nil {
		if *r.Index < 0 || *r.Index >= count {
			return nil
		}
		return []int{*r.Index}
	}
	want := canonical(r.PrimaryKey)
	var rows []int
	for i := range count {
		if k := key(i); k != nil && want == canonical(k) {
			rows = append(rows, i)
		}
	}
	return rows
}

// canonical is one form for all the ways to write a JSON value.
func canonical(value []byte) string {
	v := jsontext.Value(value).Clone()
	if v.Canonicalize(jsontext.AllowInvalidUTF8(true), jsontext.AllowDuplicateNames(true)) != nil {
		return string(value)
	}
	return string(v)
}
