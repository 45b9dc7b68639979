package delivery

import (
	"math/rand/v2"
	"time"
)

// backoff is a random wait after the n-th failure in a row, n from 1: full jitter between nothing
// and a ceiling that doubles up to MaxInterval, so that senders which failed together do not come
// back together.
func backoff(o RetryOptions, n int) time.Duration {
	ceiling := o.MaxInterval
	if shift := uint(n - 1); shift < 63 {
		if doubled := o.InitialInterval << shift; doubled>>shift == o.InitialInterval && doubled > 0 {
			ceiling = min(ceiling, doubled)
		}
	}
	if ceiling <= 0 {
		return 0
	}
	return rand.N(ceiling + 1)
}
