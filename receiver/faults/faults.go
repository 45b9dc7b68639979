// Package faults says how a receiver misbehaves: which requests fail, with what, and which rows are
// rejected. It knows nothing of HTTP servers; the receiver acts on what it says.
package faults

import (
	"fmt"
	"strings"
	"time"
)

// Answer is the kind of answer that a failing request gets.
type Answer string

const (
	AnswerStatus    Answer = "status"     // Faults.Status; the zero Answer means the same
	AnswerClose     Answer = "close"      // reset the connection in the middle of the request body
	AnswerHang      Answer = "hang"       // no answer until the client goes away
	AnswerHalf      Answer = "half"       // 200, half of the announced body, then a reset
	AnswerRedirect  Answer = "redirect"   // Faults.Status, or 302, to another path of this receiver
	AnswerWrongJSON Answer = "wrong-json" // 200 with a body that breaks off inside its JSON
)

// Faults say how a receiver misbehaves. The zero value means that it does not.
//
// Status and Answer apply to every request, unless Every or Percent choose some of them. Latency,
// Reject, MaxBytes and Capacity apply to all.
type Faults struct {
	Status int    // 200–599; 0 means 503 if another setting makes a request fail
	Answer Answer // what a failing request gets
	Every  int    // fail every n-th request; 0 means that it does not choose
	// Fail this share of the requests at random, 0–100; 0 means that it does not choose.
	Percent    float64
	Seed       uint64 // of the random choice: the same seed fails the same requests
	RetryAfter string // Retry-After of failing and busy answers, sent as it is

	// Body of answers in place of the usual one; an answer that names rejected rows keeps its own.
	Body string

	Latency time.Duration // wait before every answer but that of Capacity

	RejectField string // reject rows whose data has in this field, a path with dots,
	RejectValue string // this value: a string's text, any other value's JSON
	RejectRows  bool   // by a verdict that names the rows, in place of 400 for the batch

	MaxBytes int64 // 413 for a body of more bytes on the wire; 0 means no limit

	// Answer this many requests in parallel and refuse the others; 0 means any number.
	Capacity       int
	CapacityStatus int // what the others get; 0 means 429
}

// active reports whether any setting makes a request fail.
func (f Faults) active() bool {
	return f.Status != 0 || f.Answer != "" || f.Every > 0 || f.Percent > 0
}

// String returns the settings that are not zero, as Parse reads them.
func (f Faults) String() string {
	var set []string
	for _, s := range f.Settings() {
		if s.Value != "" {
			set = append(set, s.Name+"="+s.Value)
		}
	}
	return strings.Join(set, " ")
}

// Parse reads settings such as "status=503 every=3 retry-after=2", separated by spaces. A value
// that contains a space needs Set.
func Parse(text string) (Faults, error) {
	var f Faults
	for field := range strings.FieldsSeq(text) {
		name, value, found := strings.Cut(field, "=")
		if !found {
			return Faults{}, fmt.Errorf("fault %q: expected name=value", field)
		}
		if err := f.Set(name, value); err != nil {
			return Faults{}, err
		}
	}
	return f, nil
}
