package delivery

import (
	"fmt"
	"testing"

	"destination-webhook/destination/answer"
)

func TestSizeLimitGrowsSlowly(t *testing.T) {
	var l sizeLimit
	l.accepted(600)
	l.refused(1000)
	if l.most() != 600 {
		t.Fatal("the largest body that passed is not the limit")
	}
	for range nearLimitRun - 1 {
		l.accepted(500)
	}
	if l.most() != 600 {
		t.Error("it grew too soon")
	}
	if l.accepted(500); l.most() != 660 {
		t.Error("it did not grow by a tenth")
	}
}

// A 413 is remembered for all URLs of the endpoint, and for no other one.
func TestSizeLimitIsTheEndpoints(t *testing.T) {
	c := New(Options{Transport: script(status(413)), Retry: RetryOptions{MaxAttempts: 1}})
	_, err := c.Deliver(t.Context(), Request{Method: "POST", URL: "https://a.test/one", Body: make([]byte, 1000)})
	if f := failureOf(t, err); f.Kind != answer.TooLarge {
		t.Fatalf("got %v", err)
	}
	for url, want := range map[string]int{"https://a.test/two": 4, "https://b.test/one": 9} {
		if got := c.Fitting(url, 501, 9); got != want {
			t.Errorf("%s: %d of 9 rows, with 501 bytes, may be sent, want %d", url, got, want)
		}
	}
}

// What passes once it is divided may have been too large, unless something as large passes.
func TestSizeIsSuspectedIfNothingAsLargePasses(t *testing.T) {
	for name, tt := range map[string]struct {
		steps []int // sizes; those below 0 are suspected
		want  int
	}{
		"parts passed":         {[]int{62, -125, 63, -125, -125}, 63},
		"too few":              {[]int{62, -125, -125}, 0},
		"nothing is known":     {[]int{-125, -125, -125}, 62},
		"one as large passes":  {[]int{-125, -125, 125, -125, -125, -125}, 0},
		"another one passes":   {[]int{1, -2, -2, 2, -4, -4, 3, -4}, 3},
		"the smallest counts":  {[]int{100, -1000, -500, -125}, 100},
		"a larger one passed":  {[]int{500, -2, -2, -2}, 0},
		"pairs of single rows": {[]int{1, -2, -2, -2}, 1},
	} {
		var l sizeLimit
		for _, size := range tt.steps {
			if size > 0 {
				l.accepted(size)
			} else {
				l.suspect(-size, enoughRows)
			}
		}
		if l.most() != tt.want {
			t.Errorf("%s: the limit is %d, want %d", name, l.most(), tt.want)
		}
	}
	var one sizeLimit
	one.refused(2)
	for range nearLimitRun {
		one.accepted(1)
	}
	if one.most() != 2 {
		t.Errorf("a limit of one has become %d, want it to grow", one.most())
	}
}

// URLs that are made of rows are forgotten once there are many; those of which a limit is known are
// not.
func TestURLsThatAreRememberedAreBounded(t *testing.T) {
	const limited = "https://a.test/limited"
	c := New(Options{Transport: script(status(200)), Retry: RetryOptions{MaxAttempts: 1}})
	for range enoughRows {
		c.Passed(&Failure{Kind: answer.Refused, Size: 2000, Rows: 120}, limited)
	}
	for i := range 3 * maxTargets {
		c.Fitting(fmt.Sprintf("https://a.test/users/%d", i), 9000, 500)
		if n := len(c.targets); n > maxTargets+1 {
			t.Fatalf("%d URLs are remembered after %d", n, i)
		}
	}
	if got := c.Fitting(limited, 9000, 500); got != 60 {
		t.Errorf("%d of 500 rows may be sent to the URL whose limit was known, want 60", got)
	}
}

// The number of rows is remembered for the URL, of which a host may have many.
func TestNumberOfRowsIsTheURLs(t *testing.T) {
	const address = "https://a.test/one"
	c := New(Options{Transport: script(status(200)), Retry: RetryOptions{MaxAttempts: 1}})
	if _, err := c.Deliver(t.Context(), Request{Method: "POST", URL: address, Body: make([]byte, 1000), Rows: 60}); err != nil {
		t.Fatal(err)
	}
	for range enoughRows {
		c.Passed(&Failure{Kind: answer.Refused, Size: 2000, Rows: 120}, address)
	}
	for url, want := range map[string]int{address: 60, "https://a.test/two": 500} {
		if got := c.Fitting(url, 9000, 500); got != want {
			t.Errorf("%s: %d of 500 rows may be sent, want %d", url, got, want)
		}
	}
}
