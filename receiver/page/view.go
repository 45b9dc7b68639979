package page

import "destination-webhook/receiver/journal"

const (
	shownID    = 256       // bytes
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
	Manifest  bool    `json:"manifest"` // the body is one
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
		SyncMode: q.SyncMode, Rows: q.Rows, Manifest: q.Manifest != nil, Rejected: len(q.Rejected), Bytes: q.Bytes, WireBytes: q.WireBytes,
		WebhookID: journal.Short(q.WebhookID, shownID), Attempt: q.Attempt, Duplicate: q.Duplicate,
		Done: q.Done, Status: q.Status, Fault: q.Fault, Problem: q.Problem, Signature: q.Signature,
	}
}

// detail is a request in full, within the bounds above. Values of rows are text, because a browser
// would round their numbers.
type detail struct {
	summary
	SyncID       int64    `json:"sync_id"`
	GenerationID int64    `json:"generation_id"`
	Headers      []header `json:"headers"`
	Answer       string   `json:"answer"`
	Body         string   `json:"body"`
	BodyCut      bool     `json:"body_cut"`
	rowPage
}

func detailOf(q *journal.Request) detail {
	body, cut := journal.Cut(q.Body, shownBytes)
	return detail{
		summary: summaryOf(q), SyncID: q.SyncID, GenerationID: q.GenerationID,
		Headers: maskedHeaders(q.Header), Answer: q.Answer, Body: body, BodyCut: cut || q.Body == nil && q.Bytes > 0,
		rowPage: rowsOf(q, rowQuery{}),
	}
}
