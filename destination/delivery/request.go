package delivery

import (
	"net/http"
	"time"

	"destination-webhook/destination/answer"
)

// Request is one body for one URL.
type Request struct {
	Method string
	URL    string
	Header http.Header // never modified
	ID     string      // for Sign and OnAttempt; sending it is the header's business
	Body   []byte      // not modified, and not read after Deliver has returned
	Rows   int         // in the body; with more than one it can be divided, see answer.Severed

	// Answers are how the answers are read. Nil: by the table of statuses alone.
	Answers *answer.Rules

	// OnAttempt is called with every finished attempt of this request. Nil: nobody is told.
	OnAttempt func(Attempt)
}

// Response is the answer of a request that was delivered, or refused. It is the caller's.
type Response struct {
	Status    int
	Header    http.Header
	Body      []byte // its first 64 KiB; its first [MaxObject] bytes if it is of use only as a whole
	Truncated bool   // Body is the beginning of a longer one
	Attempts  int
	Latency   time.Duration // of the attempt that was answered
}
