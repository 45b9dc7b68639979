package replay

import (
	"strings"
	"time"

	"destination-webhook/destination/deadletter"
	"destination-webhook/destination/route"
)

// Filter selects dead letters. The zero value of a member selects all.
type Filter struct {
	Stream string    // its name, or its namespace and name with a point between
	Status int       // of the answer that rejected the row; NeverSent: rows that were not sent
	Since  time.Time // when it was rejected, at the earliest
	Key    string    // the primary key: a text, or the JSON of a composite one
}

// NeverSent is the status of rows that were rejected before they were sent.
const NeverSent = -1

// Selects reports whether a letter is selected, by all but its key.
func (f *Filter) Selects(l *deadletter.Stored) bool {
	switch r := &l.Rejection; {
	case f.Stream != "" && f.Stream != l.Stream.Name && f.Stream != route.Title(l.Stream):
		return false
	case f.Status == NeverSent && r.Status != 0, f.Status > 0 && r.Status != f.Status:
		return false
	default:
		return !r.At.Before(f.Since)
	}
}

// selectsKey reports whether a primary key, as it is sent, is selected.
func (f *Filter) selectsKey(key []byte) bool {
	return f.Key == "" || f.Key == string(key) || f.Key == strings.Trim(string(key), `"`)
}
