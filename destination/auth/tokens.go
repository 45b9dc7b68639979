package auth

import (
	"context"
	"sync/atomic"
	"time"

	"golang.org/x/oauth2"
)

// maxEarly is how long before its end a token is replaced, so that it does not
// end on the way. A token that lives less than five times as long is replaced
// after four fifths of its life.
const maxEarly = time.Minute

// tokens holds the one token that all workers share. It is safe for concurrent
// use: one worker fetches, the others wait for what comes of it, a failure too,
// each no longer than its own context.
type tokens struct {
	fetch    func(context.Context) (*oauth2.Token, error)
	slot     chan held    // of one; whoever has taken it is the one that fetches
	finished atomic.Int64 // fetches; held.finished for those who have not got the slot
}

type held struct {
	value    string
	renewAt  time.Time // zero: never
	finished int64     // fetches so far; it tells tokens apart where their values do not
	err      error     // of the last fetch
}

func newTokens(fetch func(context.Context) (*oauth2.Token, error)) *tokens {
	t := &tokens{fetch: fetch, slot: make(chan held, 1)}
	t.slot <- held{}
	return t
}

// current returns a token that has not ended, with its number from 1, and not
// the one that was rejected; 0 is none.
func (t *tokens) current(ctx context.Context, rejected int64) (token string, number int64, err error) {
	came := t.finished.Load()
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
	case now.err != nil && now.finished > came: // it failed while we waited: so would ours
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
