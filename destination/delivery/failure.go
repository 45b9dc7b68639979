package delivery

import (
	"fmt"
	"strings"

	"destination-webhook/destination/answer"
)

// Failure is a delivery that did not succeed, as its last attempt left it. It holds no secret that
// the client's Redact knows, and of the URL scheme and host alone.
type Failure struct {
	Kind     answer.Kind
	Status   int    // of the last answer; 0: there was none
	Host     string // scheme://host[:port]; empty when the URL is unusable
	Excerpt  string // of the last answer's body, at most 1 KiB, printable
	Attempts int
	Size     int    // of the request's body, in bytes
	Rows     int    // of the request
	Advice   string // what happened and what to do about it, in a sentence
	Err      error  // what the network or the context said; nil after an answer

	// Answer is what refused the request; nil unless Kind is Refused.
	Answer *Response
}

func (f *Failure) Error() string {
	var b strings.Builder
	if f.Host != "" {
		b.WriteString(f.Host + ": ")
	}
	b.WriteString(f.Advice)
	if f.Err != nil {
		fmt.Fprintf(&b, ": %v", f.Err)
	}
	if f.Attempts > 1 {
		fmt.Fprintf(&b, " (after %d attempts)", f.Attempts)
	}
	if f.Excerpt != "" {
		b.WriteString("; the endpoint says: " + f.Excerpt)
	}
	return b.String()
}

func (f *Failure) Unwrap() error { return f.Err }

// cause is an error of the network with its text made safe to show. Unwrap keeps the original for
// errors.Is and errors.As.
type cause struct {
	text string
	err  error
}

func (c *cause) Error() string { return c.text }
func (c *cause) Unwrap() error { return c.err }
