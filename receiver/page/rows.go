package page

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"destination-webhook/receiver/journal"
)

// Bounds of one answer with rows. A page of rows ends at the first of them that is reached.
const (
	shownRows  = 200
	shownCells = 100     // of a row
	shownCell  = 500     // bytes of a cell, a name, a key or a reason
	rowsBytes  = 1 << 20 // of all rows together; one row is always shown
)

// rowQuery chooses rows of a request.
type rowQuery struct {
	from     int    // the first index
	text     string // in the row's JSON, in any case of letters
	rejected bool   // rejected rows only
}

func rowQueryOf(req *http.Request) rowQuery {
	values := req.URL.Query()
	from, _ := strconv.Atoi(values.Get("from")) // 0 if it is no number
	return rowQuery{max(from, 0), values.Get("text"), values.Get("rejected") == "true"}
}

// rowPage is a part of a request's rows.
type rowPage struct {
	Rows []rowView `json:"rows_shown"`
	Next int       `json:"rows_next"` // the index at which the next part begins; -1 after the last row
}

type rowView struct {
	Request   int64  `json:"request,omitempty"` // if it is not the one that was asked for
	Index     int    `json:"index"`
	Operation string `json:"operation"`
	Key       string `json:"key"`
	Rejected  string `json:"rejected"` // the reason; "" for an accepted row
	Cells     []cell `json:"cells"`
	Hidden    int    `json:"hidden"` // fields beyond shownCells
}

// cell is one field of a row: a string by its text, another value by its JSON. Numbers are text,
// because a browser would round them.
type cell struct {
	Name string `json:"name"`
	Kind string `json:"kind"` // string, number, boolean, null, nested
	Text string `json:"text"`
	Cut  bool   `json:"cut"`
}

// rowsOf returns the rows that the query chooses, up to the bounds.
func rowsOf(q *journal.Request, query rowQuery) rowPage {
	reasons := map[int]string{}
	for _, r := range q.Rejected {
		reasons[r.Index] = r.Reason
	}
	page, size := rowPage{Rows: []rowView{}, Next: -1}, 0
	text := []byte(strings.ToLower(query.text))
	for i, row := range q.EnvelopeRows() {
		if _, rejected := reasons[i]; i < query.from || query.rejected && !rejected || !contains(row, text) {
			continue
		}
		if len(page.Rows) == shownRows || size > rowsBytes {
			page.Next = i
			break
		}
		view := rowViewOf(i, row, reasons[i])
		size += view.size()
		page.Rows = append(page.Rows, view)
	}
	return page
}

// contains reports whether the row holds a text that is in lower case already.
func contains(row journal.Row, lower []byte) bool {
	return len(lower) == 0 || bytes.Contains(bytes.ToLower(row.Data), lower) ||
		strings.Contains(strings.ToLower(journal.KeyText(row.PrimaryKey)), string(lower))
}

func rowViewOf(index int, row journal.Row, reason string) rowView {
	v := rowView{Index: index, Operation: row.Operation, Key: journal.Short(journal.KeyText(row.PrimaryKey), shownCell), Rejected: journal.Short(reason, shownCell)}
	v.Cells = []cell{}
	journal.Fields(row.Data, func(name string, value jsontext.Value) bool {
		if len(v.Cells) == shownCells {
			v.Hidden++
			return true
		}
		v.Cells = append(v.Cells, cellOf(name, value))
		return true
	})
	return v
}

func (v *rowView) size() int {
	n := len(v.Key) + len(v.Rejected)
	for _, c := range v.Cells {
		n += len(c.Name) + len(c.Text)
	}
	return n
}

var kinds = map[jsontext.Kind]string{'"': "string", '0': "number", 't': "boolean", 'f': "boolean", 'n': "null", '{': "nested", '[': "nested"}

func cellOf(name string, value jsontext.Value) cell {
	text := journal.ValueText(json.RawMessage(value))
	shown := journal.Short(text, shownCell)
	return cell{journal.Short(name, shownCell), kinds[value.Kind()], shown, shown != text}
}
