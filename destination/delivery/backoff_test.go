package delivery

import (
	"math"
	"testing"
	"time"
)

func TestBackoff(t *testing.T) {
	o := RetryOptions{InitialInterval: time.Second, MaxInterval: time.Minute}
	for _, test := range []struct {
		n     int
		bound time.Duration
	}{{1, time.Second}, {2, 2 * time.Second}, {3, 4 * time.Second}, {6, 32 * time.Second}, {7, time.Minute}, {64, time.Minute}, {math.MaxInt, time.Minute}} {
		least, most := time.Duration(math.MaxInt64), time.Duration(0)
		for range 2000 {
			wait := backoff(o, test.n)
			least, most = min(least, wait), max(most, wait)
		}
		// Full jitter: from nothing to the bound. 2000 draws miss a tenth at either end once in
		// 10^91.
		if least > test.bound/10 || most < test.bound*9/10 || most > test.bound {
			t.Errorf("after failure %d waits are %v to %v, want about 0 to %v", test.n, least, most, test.bound)
		}
	}
}

func TestBackoffWithoutIntervals(t *testing.T) {
	for _, o := range []RetryOptions{{}, {InitialInterval: time.Second}, {MaxInterval: time.Nanosecond}} {
		if got := backoff(o, 3); got > time.Nanosecond {
			t.Errorf("%+v: got %v, want none", o, got)
		}
	}
}
