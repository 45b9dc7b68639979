package receiver

import (
	"cmp"
	"context"
	"slices"
)

// Requests returns the kept requests in order of arrival.
func (r *Receiver) Requests() []Request { return r.journal.requests() }

// Totals returns what has been counted so far.
func (r *Receiver) Totals() Totals {
	r.journal.mu.Lock()
	defer r.journal.mu.Unlock()
	return r.journal.totals.snapshot()
}

// Accepted returns the accepted rows of the kept requests in order of
// acceptance. Duplicates are in it as often as they were accepted.
func (r *Receiver) Accepted() []Row {
	requests := r.journal.requests()
	slices.SortFunc(requests, func(a, b Request) int { return cmp.Compare(a.accepted, b.accepted) })
	var rows []Row
	for i := range requests {
		rows = append(rows, requests[i].acceptedRows()...)
	}
	return rows
}

// Wait returns when the totals satisfy until, or with the context's error.
func (r *Receiver) Wait(ctx context.Context, until func(Totals) bool) error {
	for {
		r.journal.mu.Lock()
		totals, next := r.journal.totals.snapshot(), r.journal.next()
		r.journal.mu.Unlock()
		if until(totals) {
			return nil
		}
		select {
		case <-next:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}
