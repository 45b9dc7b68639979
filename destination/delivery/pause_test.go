package delivery

import (
	"testing"
	"time"
)

// The observer of a delivery learns that its success delays the next requests.
func TestPauseAfterASuccessIsTold(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var told log
		c := New(Options{Transport: script(status(200, "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", "3600"), status(200)), Retry: patient, OnAttempt: told.add})
		begin := time.Now()
		for range 2 {
			if _, err := c.Deliver(t.Context(), post("rows")); err != nil {
				t.Fatal(err)
			}
		}
		attempts := told.all()
		if took := time.Since(begin); attempts[0].Pause != took || took != time.Minute || attempts[1].Pause != 0 {
			t.Errorf("%v and then %v were told, the second request came after %v", attempts[0].Pause, attempts[1].Pause, took)
		}
	})
}
