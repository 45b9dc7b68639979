package auth

import (
	"context"
	"time"

	"golang.org/x/oauth2"
)

// maxEarly is how long before its end a token is replaced, so that it does not
// end on the way. A token that lives less than five times as long is replaced
// after four fifths of its life.
const maxEarly = time.Minute

// tokens holds the one token that all workers share. It is safe for concurrent
// use: one worker fetches, the others wait for what it gets, each no longer
// than its own context.
type tokens struct {
	fetch func(context.Context) (*oauth2.Token, error)
	slot  chan held // of one; whoever has taken it is the one that fetches
}

type held struct {
	value   string
	renewAt time.Time // zero: never
}

func newTokens(fetch func(context.Context) (*oauth2.Token, error)) *tokens {
	t := &tokens{fetch: fetch, slot: make(chan held, 1)}
	t.slot <- held{}
	return t
}

// current returns a token that has not ended and is not the rejected one.
func (t *tokens) current(ctx context.Context, rejected string) (string, error) {
	var now held
	select {
	case now = <-t.slot:
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
	defer func() { t.slot <- now }()
	if now.usable(time.Now()) && now.value != rejected {
		return now.value, nil
	}
	fresh, err := t.fetch(ctx)
	if err != nil {
		return "", err
	}
	now = hold(fresh, time.Now())
	return now.value, nil
}

func (h held) usable(at time.Time) bool {
	return h.value != "" && (h.renewAt.IsZero() || at.Before(h.renewAt))
}

func hold(token *oauth2.Token, at time.Time) held {
	if token.Expiry.IsZero() {
		return held{value: token.AccessToken}
	}
	early := min(maxEarly, token.Expiry.Sub(at)/5)
	return held{value: token.AccessToken, renewAt: token.Expiry.Add(-early)}
}
