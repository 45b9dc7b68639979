package receiver_test

import (
	"fmt"
	"os"
	"runtime"
	"testing"

	"destination-webhook/receiver"
)

// heap returns the bytes of the objects that are in use.
func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
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
	send := func(n int) {
		for range n {
			post(t, s, body, "Airbyte-Stream", "users")
		}
	}
	send(10_000)
	c.until(`document.querySelector("table").getAttribute("aria-rowcount") === "10001"`)
	t.Logf("%d MiB of bodies, %d MiB in use", 10_000*len(body)>>20, (heap()-before)>>20)
	frames := func(by int) string {
		return c.eval(fmt.Sprintf(`new Promise((done) => {
			const box = document.getElementById("scroll"), frames = [], tasks = [];
			const observer = new PerformanceObserver((list) => tasks.push(...list.getEntries().map((t) => t.duration)));
			observer.observe({ type: "longtask" });
			let last = performance.now();
			const step = (now) => {
				frames.push(now - last);
				last = now;
				box.scrollTop = box.scrollTop + %d;
				if (frames.length < 300) return requestAnimationFrame(step);
				frames.sort((a, b) => a - b);
				setTimeout(() => done("median " + frames[150].toFixed(1) + " ms, longest " + frames[299].toFixed(1) + " ms; above 50 ms: "
					+ frames.filter((f) => f > 50).length + " of 300 frames, " + tasks.length + " tasks of the page"), 100);
			};
			box.scrollTop = 0;
			requestAnimationFrame(step);
		})`, by))
	}
	t.Log("at rest: ", frames(0))
	t.Log("scrolling: ", frames(400))
	arriving := make(chan struct{})
	go func() {
		defer close(arriving)
		send(300)
	}()
	t.Log("scrolling while requests arrive: ", frames(400))
	<-arriving
}
