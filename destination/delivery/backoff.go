package delivery

import (
	"math/rand/v2"
	"time"
)

// backoff is a random wait after the n-th failure in a row, n from 1: full jitter between nothing
// and a bound that doubles up to MaxInterval, so that senders which failed together do not come
// back together.
func backoff(o RetryOptions, n int) time.Duration {
	bound := o.MaxInterval
	if shift := uint(n - 1); shift < 63 {
		if doubled := o.InitialInterval << shift; doubled>>shift == o.InitialInterval && doubled > 0 {
			bound = min(bound, doubled)
		}
	}
	if bound <= 0 {
		return 0
	}
	return rand.N(bound + 1)
}
