package answer

import (
	"fmt"
	"maps"
	"net/http"

	"destination-webhook/destination/jq"
)

// Rules are how the answers of one endpoint are read. Nil and the zero value are the table of
// statuses alone. They are read-only and safe for concurrent use.
type Rules struct {
	// What statuses mean instead: Delivered, Transient, Refused or Misconfigured.
	Statuses  map[int]Kind
	SuccessIf *jq.Program // of a 2xx: the body of one that delivered; nil: any body
	Otherwise Kind        // of a 2xx if SuccessIf is not true
	// Yields the rows that a body rejects; nil: its member "rejected" has them.
	RejectedRows *jq.Program
}

// Also returns rules by which some statuses mean that a request was delivered, unless the user has
// named them.
func (r *Rules) Also(delivered ...int) *Rules {
	all := Rules{Statuses: make(map[int]Kind)}
	for _, status := range delivered {
		all.Statuses[status] = Delivered
	}
	if r != nil {
		all.SuccessIf, all.Otherwise, all.RejectedRows = r.SuccessIf, r.Otherwise, r.RejectedRows
		maps.Copy(all.Statuses, r.Statuses)
	}
	return &all
}

// named returns what the user has said that a status means.
func (r *Rules) named(status int) (Kind, bool) {
	if r == nil {
		return 0, false
	}
	kind, named := r.Statuses[status]
	return kind, named
}

// Success reports whether a status means that a request was delivered.
func (r *Rules) Success(status int) bool {
	if kind, named := r.named(status); named {
		return kind == Delivered
	}
	return succeeds(status)
}

func succeeds(status int) bool { return status >= 200 && status < 300 }

// Classify returns what an answer means whose status is no success. What it repeats of the header
// is masked by redact before it is cut.
func (r *Rules) Classify(status int, h http.Header, redact func(string) string) Classification {
	kind, named := r.named(status)
	if !named && !succeeds(status) {
		return classify(status, h, redact)
	}
	if c := classify(status, h, redact); c.Kind == kind && !succeeds(status) {
		return c
	}
	switch kind {
	case Transient:
		return Classification{kind, fmt.Sprintf("the endpoint asks to try again (%d), as configured in answers.statuses", status)}
	case Refused:
		return Classification{kind, fmt.Sprintf("the endpoint refused the payload (%d), as configured in answers.statuses", status)}
	}
	return Classification{Misconfigured, fmt.Sprintf("the endpoint stopped the sync (%d), as configured in answers.statuses: look at what it says", status)}
}

// ReadsWhole reports whether a body is of use only as a whole: a program reads it, or it may have
// verdicts on single rows.
func (r *Rules) ReadsWhole(status int, begin []byte) bool {
	switch {
	case r != nil && r.RejectedRows != nil && (r.Success(status) || r.refuses(status)):
		return true
	case r != nil && r.SuccessIf != nil && r.Success(status) && succeeds(status):
		return true
	}
	return r.Success(status) && IsObject(begin)
}

// refuses reports whether a status rejects rows.
func (r *Rules) refuses(status int) bool {
	return !r.Success(status) && r.Classify(status, nil, func(s string) string { return s }).Kind == Refused
}

// Unmet returns why the body of a 2xx shows that the request was not delivered, nil if it was.
// truncated is set if the body is the beginning of a longer one.
func (r *Rules) Unmet(status int, encoding string, body []byte, truncated bool) *Classification {
	if r == nil || r.SuccessIf == nil || !succeeds(status) {
		return nil
	}
	if truncated {
		return &Classification{Misconfigured, fmt.Sprintf(
			"the endpoint answered %d with more than %d MiB, which answers.success_if cannot judge: answer with less, or lower batching.max_rows", status, MaxBody>>20)}
	}
	problem := ""
	outputs, err := run(r.SuccessIf, encoding, body)
	switch {
	case err != nil:
		problem = ": " + err.Error()
	case len(outputs) == 1 && string(outputs[0]) == "true":
		return nil
	}
	return &Classification{r.Otherwise, fmt.Sprintf("the endpoint answered %d, and answers.success_if is not true of what it says%s", status, problem)}
}
