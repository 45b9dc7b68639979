package destination

import (
	"fmt"
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"destination-webhook/destination/delivery"
	"destination-webhook/destination/failure"
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

// unread is the error of a verdict that goes on behind what is read of an answer: the rows that it names there would count
// as delivered.
func unread(r *route, answer *delivery.Response) error {
	if !answer.Truncated || !delivery.IsObject(answer.Body) {
		return nil
	}
	return failure.Config(fmt.Errorf("%s answered %d with a JSON object of more than %d MiB, which could reject rows and is not read: answer with less, or lower batching.max_rows",
		host(r.url), answer.Status, delivery.MaxObject>>20))
}

// places finds rows of a request by what a verdict names them.
type places struct {
	count int
	key   func(place int) []byte // of a row, as it was sent; nil: it has none
	byKey map[string][]int       // nil: not made yet
}

// of returns the places that an entry speaks of. One outside is no row of ours. The rows of a key are told once: an endpoint
// that repeats itself must not cost more than it wrote.
func (p *places) of(r *rowVerdict) []int {
	if r.Index != nil {
		if *r.Index < 0 || *r.Index >= p.count {
			return nil
		}
		return []int{*r.Index}
	}
	if p.byKey == nil {
		p.byKey = make(map[string][]int, p.count)
		for i := range p.count {
			if k := p.key(i); k != nil {
				name := canonical(k)
				p.byKey[name] = append(p.byKey[name], i)
			}
		}
	}
	name := canonical(r.PrimaryKey)
	rows := p.byKey[name]
	delete(p.byKey, name)
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
