package receiver_test

import (
	"fmt"
	"os"
	"runtime"
	"testing"
	"time"

	"destination-webhook/receiver"
)

// heap returns the bytes of the objects that are in use. A test may begin with garbage of the one
// before it that a finalizer still holds, so that later there are fewer.
func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc) //nolint:gosec // far below 2^63
}

// However much comes, a receiver keeps no more than it was told.
func TestKeptRequestsStayWithinTheirMemory(t *testing.T) {
	const keep, beside = 8 << 20, 8 << 20
	body := upsert(rows(1000, "added")...)
	before := heap()
	r := receiver.New(receiver.Options{KeepRequests: 10_000, KeepBytes: keep})
	for i := range 500 {
		post(t, r, body, "Airbyte-Stream", "users", "Webhook-Id", fmt.Sprint(i))
	}
	if got := heap() - before; got > keep+beside {
		t.Errorf("%d bytes are in use after %d bytes of rows, want at most %d", got, 500*len(body), keep+beside)
	}
	runtime.KeepAlive(r)
}

// TestMeasurePage prints how long the frames of the page take with 10,000 requests of 1,000 rows,
// at rest and while others arrive, and what the receiver's memory is. RECEIVER_MEASURE=1 runs it:
// no test depends on speed.
func TestMeasurePage(t *testing.T) {
	if os.Getenv("RECEIVER_MEASURE") == "" {
		t.Skip("RECEIVER_MEASURE is not set: nothing is measured")
	}
	before := heap()
	c, s, _ := openPage(t, receiver.Options{KeepRequests: 10_000, KeepBytes: 2 << 30})
	body := upsert(rows(1000, "added")...)
	send := func(n int, every time.Duration) {
		at := time.NewTicker(every)
		defer at.Stop()
		for range n {
			<-at.C
			post(t, s, body, "Airbyte-Stream", "users")
		}
	}
	send(10_000, time.Nanosecond)
	c.until(`document.querySelector("table").getAttribute("aria-rowcount") === "10001"`)
	t.Logf("%d MiB of bodies, %d MiB in use", 10_000*len(body)>>20, (heap()-before)>>20)
	measure := func(what string, f func()) { t.Logf("%s: %s", what, tasksOf(c.trace(f))) }
	scroll := func(by int) func() {
		return func() { t.Log(c.eval(fmt.Sprintf(scrolling, by))) }
	}
	while := func(f func()) func() {
		return func() {
			arriving := make(chan struct{})
			go func() {
				defer close(arriving)
				send(1000, 5*time.Millisecond)
			}()
			f()
			<-arriving
		}
	}
	measure("opening", func() {
		c.must("Page.reload", nil, nil)
		c.until(`document.querySelector("table").getAttribute("aria-rowcount") === "10001"`)
	})
	measure("at rest", scroll(0))
	measure("scrolling", scroll(400))
	measure("scrolling while 200 requests/s arrive", while(scroll(400)))
	measure("filtering", func() {
		c.eval(`document.getElementById("filter").value = "users 200"; document.getElementById("filter").dispatchEvent(new Event("input"))`)
		c.eval(`new Promise((done) => setTimeout(done, 3000))`)
	})
	measure("scrolling a filtered list while 200 requests/s arrive", while(scroll(400)))
}

// scrolling scrolls the list by this many pixels a frame and says how long its frames took.
const scrolling = `new Promise((done) => {
	const box = document.getElementById("scroll"), frames = [];
	let last = performance.now();
	const step = (now) => {
		frames.push(now - last);
		last = now;
		box.scrollTop = box.scrollTop + %d;
		if (frames.length < 300) return requestAnimationFrame(step);
		frames.sort((a, b) => a - b);
		done("frames: median " + frames[150].toFixed(1) + " ms, longest " + frames[299].toFixed(1)
			+ " ms; above 50 ms: " + frames.filter((f) => f > 50).length + " of 300");
	};
	box.scrollTop = 0;
	requestAnimationFrame(step);
})`
