package auth

import (
	"context"
	"sync/atomic"
	"time"

	"golang.org/x/oauth2"
)

// maxEarly is how long before it expires a token is replaced, so that it does not expire on the
// way. A token that lives less than five times as long is replaced after four fifths of its life.
const maxEarly = time.Minute

// tokens holds the one token that all workers share. It is safe for concurrent use: one worker
// fetches, and the others share its token or its failure, each waiting no longer than its own
// context.
type tokens struct {
	fetch    func(context.Context) (*oauth2.Token, error)
	slot     chan held    // has one element; whoever has taken it is the one that may fetch
	finished atomic.Int64 // fetches so far; for those who do not hold the slot
}

type held struct {
	value    string
	renewAt  time.Time // zero: never
	finished int64     // fetches so far; tells tokens apart whose values are equal
	err      error     // of the last fetch
}

func newTokens(fetch func(context.Context) (*oauth2.Token, error)) *tokens {
	t := &tokens{fetch: fetch, slot: make(chan held, 1)}
	t.slot <- held{}
	return t
}

// current returns a token that has not expired, with its number, counted from 1. It does not return
// the token whose number is rejected; 0 rejects none.
func (t *tokens) current(ctx context.Context, rejected int64) (token string, number int64, err error) {
	before := t.finished.Load()
	var now held
	select {
	case now = <-t.slot:
	case <-ctx.Done():
		return "", 0, context.Cause(ctx)
	}
	defer func() { t.slot <- now }()
	switch {
	case now.usable(time.Now()) && now.finished != rejected:
		return now.value, now.finished, nil
	case now.err != nil && now.finished > before: // it failed while we waited: so would ours
		return "", 0, now.err
	}
	fresh, err := t.fetch(ctx)
	if ctx.Err() != nil && err != nil {
		return "", 0, err // ours alone
	}
	now = hold(fresh, err, time.Now(), t.finished.Add(1))
	return now.value, now.finished, err
}

func (h held) usable(at time.Time) bool {
	return h.value != "" && (h.renewAt.IsZero() || at.Before(h.renewAt))
}

func hold(token *oauth2.Token, err error, at time.Time, finished int64) held {
	h := held{finished: finished, err: err}
	if err != nil {
		return h
	}
	h.value = token.AccessToken
	if !token.Expiry.IsZero() {
		h.renewAt = token.Expiry.Add(-min(maxEarly, token.Expiry.Sub(at)/5))
	}
	return h
}
