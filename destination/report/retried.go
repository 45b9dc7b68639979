package report

import "fmt"

// Retried is what became of the rows that earlier syncs have rejected.
type Retried struct {
	Taken    int `json:"taken"`    // by the endpoint, now or since
	Refused  int `json:"refused"`  // again
	Replaced int `json:"replaced"` // by a newer row of their key, or they left the source
	GivenUp  int `json:"given_up"` // enough syncs have tried them
	Waiting  int `json:"waiting"`  // those that the next sync tries
}

// Retried takes what became of the rows that earlier syncs have rejected.
func (p *Progress) Retried(r Retried) { p.retried = &r }

func (r *Retried) String() string {
	return fmt.Sprintf("rejected rows tried again: %d taken, %d refused, %d replaced, %d given up; %s for the next sync",
		r.Taken, r.Refused, r.Replaced, r.GivenUp, waits(r.Waiting))
}

func waits(rows int) string {
	if rows == 1 {
		return "1 row waits"
	}
	return fmt.Sprintf("%d rows wait", rows)
}
