package journal

import (
	"net/http"
	"net/url"
	"time"

	"destination-webhook/destination/manifest"
)

// Request is what one HTTP request contained and how it was answered. Body and Header are shared
// with the Journal: read them, never write.
type Request struct {
	ID       int64 // 1 for the first request, in order of arrival
	Time     time.Time
	Duration time.Duration // from arrival to the answer

	Method string
	Host   string
	URL    string // path and query as sent
	Proto  string
	Header http.Header

	Body      []byte // uncompressed; nil if it alone exceeds the bytes that are kept
	Bytes     int64  // uncompressed length of the body
	WireBytes int64  // length of the body as sent

	Stream    string // from Airbyte-Stream, or the envelope; cut at maxName
	Namespace string
	WebhookID string
	Run       string             // from Airbyte-Run
	Manifest  *manifest.Manifest `json:",omitempty"` // what the body is; nil for a batch
	// This is the n-th request with its Webhook-Id, since the last answered check of the
	// connection; 1 without one.
	Attempt   int
	Duplicate bool // its Webhook-Id has been accepted before

	SyncMode     string
	SyncID       int64 // with include_metadata, else 0
	GenerationID int64 // with include_metadata, else 0
	Rows         int

	// Signature is SignatureValid, or why it is not valid, or "" if nothing was verified: without
	// signing secrets, or for a method that needs no body.
	Signature string

	Done     bool        // answered, or closed without an answer
	Status   int         // 0 while pending, and if the connection was closed instead
	Fault    string      // the fault that made the answer; "" for none
	Problem  string      // why the body is no envelope; "" when it is one
	Rejected []Rejection // rows that the answer names as rejected

	Answer string // the body of the answer, cut at maxAnswer

	epoch     int64 // resets of the journal before it arrived
	revision  int64 // of the journal when this request last changed
	completed int64 // place in the order of answers
	accepted  int64 // place in the order of acceptance; 0 for not accepted
	counted   int64 // what the journal counts it for; 0 for not kept
}

// SignatureValid is what Request.Signature says of a valid one.
const SignatureValid = "valid"

// Rejection is one entry of a per-row verdict.
type Rejection struct {
	Index  int    `json:"index"`
	Reason string `json:"reason"`
}

// NewRequest returns what the header of a request says. Its body is read elsewhere.
func NewRequest(req *http.Request, now time.Time) *Request {
	return &Request{
		Time:      now,
		Method:    req.Method,
		Host:      req.Host,
		URL:       req.URL.RequestURI(),
		Proto:     req.Proto,
		Header:    req.Header,
		Stream:    Short(percentDecoded(req.Header.Get("Airbyte-Stream")), maxName),
		Namespace: Short(percentDecoded(req.Header.Get("Airbyte-Namespace")), maxName),
		WebhookID: req.Header.Get("Webhook-Id"),
		Run:       Short(req.Header.Get(manifest.RunHeader), maxName),
	}
}

// percentDecoded undoes the encoding of names that are not plain ASCII. It returns a value that is
// not encoded properly as it is.
func percentDecoded(s string) string {
	if decoded, err := url.PathUnescape(s); err == nil {
		return decoded
	}
	return s
}

// Parse reads the envelope, unless the body could not be read or there is none.
func (q *Request) Parse(readErr error) []Row {
	if readErr != nil {
		q.Problem = Short(readErr.Error(), MaxProblem)
		return nil
	}
	if len(q.Body) == 0 && Bodyless(q.Method) {
		return nil
	}
	if len(q.Body) == 0 && q.Method == http.MethodDelete {
		return q.removal()
	}
	m, err := readManifest(q)
	if m != nil {
		q.Manifest, q.SyncID, q.GenerationID = m, m.SyncID, m.GenerationID
		return nil
	}
	var e envelope
	if err == nil {
		e, err = parseBody(q.Body, q.Header.Get("Content-Type"))
	}
	if err != nil {
		q.Problem = Short(err.Error(), MaxProblem)
		return nil
	}
	stream, namespace := percentDecoded(q.Header.Get("Airbyte-Stream")), percentDecoded(q.Header.Get("Airbyte-Namespace"))
	if stream == "" {
		stream, namespace = e.Stream, e.Namespace
	}
	q.Stream, q.Namespace = Short(stream, maxName), Short(namespace, maxName)
	q.SyncMode, q.SyncID, q.GenerationID = e.SyncMode, e.SyncID, e.GenerationID
	q.Rows = len(e.Rows)
	for i := range e.Rows {
		e.Rows[i].Stream, e.Rows[i].Namespace = stream, namespace
	}
	return e.Rows
}

// Bodyless reports whether a request of this method needs no envelope: HEAD checks a connection,
// and GET is how a person or a followed redirect arrives.
func Bodyless(method string) bool {
	return method == http.MethodGet || method == http.MethodHead || method == http.MethodOptions
}

// acceptedRows returns the rows of a kept request that were accepted.
func (q *Request) acceptedRows() []Row {
	if q.accepted == 0 {
		return nil
	}
	return Without(q.EnvelopeRows(), q.Rejected)
}

// EnvelopeRows parses the kept body once more: it costs less to find the spans of one body again
// than to keep them for every request.
func (q *Request) EnvelopeRows() []Row {
	if q.Problem != "" {
		return nil
	}
	again := *q
	return again.Parse(nil)
}

// Without returns the rows that no rejection names.
func Without(rows []Row, rejected []Rejection) []Row {
	if len(rejected) == 0 {
		return rows
	}
	named := make(map[int]bool, len(rejected))
	for _, r := range rejected {
		named[r.Index] = true
	}
	kept := make([]Row, 0, len(rows))
	for i, row := range rows {
		if !named[i] {
			kept = append(kept, row)
		}
	}
	return kept
}

// isCheck reports whether this is an envelope without rows, which checks the connection.
func (q *Request) isCheck() bool { return q.SyncMode != "" && q.Rows == 0 }

// headerCost is what a header field takes in its map and its slice besides its text.
const headerCost = 64

// size is the memory that a kept request takes, near enough for a bound.
func (q *Request) size() int64 {
	n := int64(cap(q.Body) + len(q.URL) + len(q.Method) + len(q.Host) + len(q.Stream) + len(q.Namespace) + len(q.Problem) + len(q.Signature) + len(q.Answer) + 1024)
	n += 24 * int64(cap(q.Rejected)) // their reasons are one text
	n += manifestSize(q.Manifest)
	for name, values := range q.Header {
		n += int64(len(name)) + headerCost
		for _, v := range values {
			n += int64(len(v)) + headerCost
		}
	}
	return n
}
