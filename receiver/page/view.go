package page

import (
	"encoding/json"

	"github.com/go-json-experiment/json/jsontext"

	"destination-webhook/receiver/journal"
)

// What the page shows of one request at most.
const (
	shownRows  = 200
	shownCell  = 500       // bytes
	shownBytes = 256 << 10 // of the raw body
)

// summary is a request as a line of the page's list.
type summary struct {
	ID        int64   `json:"id"`
	Time      int64   `json:"time"` // Unix milliseconds
	Duration  float64 `json:"duration"`
	Method    string  `json:"method"`
	URL       string  `json:"url"`
	Stream    string  `json:"stream"`
	Namespace string  `json:"namespace"`
	SyncMode  string  `json:"sync_mode"`
	Rows      int     `json:"rows"`
	Rejected  int     `json:"rejected"`
	Bytes     int64   `json:"bytes"`
	WireBytes int64   `json:"wire_bytes"`
	WebhookID string  `json:"webhook_id"`
	Attempt   int     `json:"attempt"`
	Duplicate bool    `json:"duplicate"`
	Done      bool    `json:"done"`
	Status    int     `json:"status"`
	Fault     string  `json:"fault"`
	Problem   string  `json:"problem"`
	Signature string  `json:"signature"`
}

func summaryOf(q *journal.Request) summary {
	return summary{
		ID: q.ID, Time: q.Time.UnixMilli(), Duration: q.Duration.Seconds() * 1000,
		Method: q.Method, URL: journal.Short(maskedURL(q.URL), journal.MaxURL), Stream: q.Stream, Namespace: q.Namespace,
		SyncMode: q.SyncMode, Rows: q.Rows, Rejected: len(q.Rejected), Bytes: q.Bytes, WireBytes: q.WireBytes,
		WebhookID: q.WebhookID, Attempt: q.Attempt, Duplicate: q.Duplicate,
		Done: q.Done, Status: q.Status, Fault: q.Fault, Problem: q.Problem, Signature: q.Signature,
	}
}

// detail is a request in full, within the bounds above. Values of rows are text, because a browser
// would round their numbers.
type detail struct {
	summary
	SyncID       int64     `json:"sync_id"`
	GenerationID int64     `json:"generation_id"`
	Headers      []header  `json:"headers"`
	Body         string    `json:"body"`
	BodyCut      bool      `json:"body_cut"`
	RowsShown    []rowView `json:"rows_shown"`
}

type rowView struct {
	Operation string `json:"operation"`
	Key       string `json:"key"`
	Rejected  string `json:"rejected"` // the reason; "" for an accepted row
	Cells     []cell `json:"cells"`
}

// cell is one field of a row: a string by its text, another value by its JSON.
type cell struct {
	Name string `json:"name"`
	Kind string `json:"kind"` // string, number, boolean, null, nested
	Text string `json:"text"`
}

func detailOf(q *journal.Request) detail {
	body, cut := journal.Cut(q.Body, shownBytes)
	return detail{
		summary: summaryOf(q), SyncID: q.SyncID, GenerationID: q.GenerationID,
		Headers: maskedHeaders(q.Header), Body: body, BodyCut: cut || q.Body == nil && q.Bytes > 0,
		RowsShown: rowViews(q),
	}
}

func rowViews(q *journal.Request) []rowView {
	rows := q.EnvelopeRows()
	reasons := map[int]string{}
	for _, r := range q.Rejected {
		reasons[r.Index] = r.Reason
	}
	views := []rowView{}
	for i, row := range rows[:min(len(rows), shownRows)] {
		views = append(views, rowView{row.Operation, journal.KeyText(row.PrimaryKey), reasons[i], cells(row.Data)})
	}
	return views
}

// cells lists the fields of a row in its own order.
func cells(data json.RawMessage) []cell {
	list := []cell{}
	journal.Fields(data, func(name string, value jsontext.Value) bool {
		list = append(list, cellOf(name, value))
		return true
	})
	return list
}

var kinds = map[jsontext.Kind]string{'"': "string", '0': "number", 't': "boolean", 'f': "boolean", 'n': "null", '{': "nested", '[': "nested"}

func cellOf(name string, value jsontext.Value) cell {
	return cell{name, kinds[value.Kind()], journal.Short(journal.ValueText(json.RawMessage(value)), shownCell)}
}
