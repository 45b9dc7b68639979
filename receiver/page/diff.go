package page

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"destination-webhook/receiver/journal"
)

const (
	maxDifferences = 500    // that are listed
	maxCompared    = 10_000 // members of a row
)

// difference is one thing that two requests do not have in common.
type difference struct {
	What string `json:"what"`
	Left string `json:"left"`
	Than string `json:"right"`
}

// showDiff answers with what differs between two requests, such as two attempts of one batch.
func (p *page) showDiff(w http.ResponseWriter, req *http.Request, left *journal.Request) {
	id, err := strconv.ParseInt(req.PathValue("other"), 10, 64)
	right, found := p.Journal.Request(id)
	if err != nil || !found {
		writeJSON(w, http.StatusNotFound, problem{Error: "this request is no longer kept"})
		return
	}
	d := differences{list: []difference{}}
	d.compare("status", strconv.Itoa(left.Status), strconv.Itoa(right.Status))
	d.compare("URL", maskedURL(left.URL), maskedURL(right.URL))
	d.headers(maskedHeaders(left.Header), maskedHeaders(right.Header))
	if string(left.Body) != string(right.Body) {
		d.rows(left.EnvelopeRows(), right.EnvelopeRows())
	}
	d.compare("answer", left.Answer, right.Answer)
	if len(d.list) == maxDifferences {
		d.list = append(d.list, difference{What: fmt.Sprintf("the first %d differences: others are not shown", maxDifferences)})
	}
	writeJSON(w, http.StatusOK, d.list)
}

type differences struct{ list []difference }

func (d *differences) compare(what, left, right string) {
	if left != right && len(d.list) < maxDifferences {
		d.list = append(d.list, difference{what, journal.Short(left, shownCell), journal.Short(right, shownCell)})
	}
}

func (d *differences) headers(left, right []header) {
	values := map[string][2]string{}
	var names []string
	for side, list := range [][]header{left, right} {
		for _, h := range list {
			pair, known := values[h.Name]
			if !known {
				names = append(names, h.Name)
			}
			pair[side] += h.Value
			values[h.Name] = pair
		}
	}
	for _, name := range names {
		d.compare(name, values[name][0], values[name][1])
	}
}

func (d *differences) rows(left, right []journal.Row) {
	d.compare("rows", strconv.Itoa(len(left)), strconv.Itoa(len(right)))
	for i := range min(len(left), len(right)) {
		if len(d.list) == maxDifferences {
			return
		}
		d.row(fmt.Sprintf("row %d", i), left[i], right[i])
	}
}

func (d *differences) row(what string, left, right journal.Row) {
	d.compare(what+" operation", left.Operation, right.Operation)
	d.compare(what+" key", journal.KeyText(left.PrimaryKey), journal.KeyText(right.PrimaryKey))
	if string(left.Data) == string(right.Data) {
		return
	}
	other, beyond := membersOf(right.Data)
	compared := 0
	journal.Fields(left.Data, func(name string, value jsontext.Value) bool {
		if compared == maxCompared {
			beyond = true
			return false
		}
		compared++
		if there, found := other[name]; found || !beyond {
			d.compare(what+" "+journal.Short(name, shownCell), string(value), there)
		}
		delete(other, name)
		return true
	})
	if beyond {
		d.compare(what, fmt.Sprintf("more than %d fields: others are not compared", maxCompared), "")
		return
	}
	for name, value := range other {
		d.compare(what+" "+journal.Short(name, shownCell), "", value)
	}
}

// membersOf returns the first members of an object, and reports whether there are others.
func membersOf(data json.RawMessage) (members map[string]string, beyond bool) {
	members = map[string]string{}
	journal.Fields(data, func(name string, value jsontext.Value) bool {
		if beyond = len(members) == maxCompared; !beyond {
			members[name] = string(value)
		}
		return !beyond
	})
	return members, beyond
}
