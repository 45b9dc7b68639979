package destination

import (
	"sync"
	"testing"
	"time"

	"destination-webhook/destination/route"
	"destination-webhook/destination/sender"

	"github.com/google/go-cmp/cmp"
)

func TestStatsCountPerStreamAndInAll(t *testing.T) {
	s, one, three := newStats(), &route.Route{}, &route.Route{}
	s.settled(three, sender.Counts{Accepted: 8, Rejected: 2, Bytes: 500})
	s.settled(three, sender.Counts{Accepted: 5, Rejected: 0, Bytes: 250})
	s.settled(one, sender.Counts{Accepted: 0, Rejected: 1, Bytes: 50})
	s.settled(one, sender.Counts{Accepted: 0, Rejected: 0, Bytes: 0}) // nothing was sent
	s.answered(three, 4, time.Second)
	s.answered(one, 1, 0)
	type counts struct{ rows, rejected, batches, bytes, retries, timed int64 }
	of := func(t *streamStats) counts {
		return counts{t.rows, t.rejected, t.batches, t.bytes, t.retries, t.latency.n}
	}
	total := s.all()
	got := map[string]counts{"3": of(s.streams[three]), "1": of(s.streams[one]), "all": of(&total)}
	want := map[string]counts{"3": {13, 2, 2, 750, 3, 1}, "1": {0, 1, 1, 50, 0, 0}, "all": {13, 3, 3, 800, 3, 1}}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(counts{})); diff != "" {
		t.Errorf("counts (-want +got):\n%s", diff)
	}
}

func TestStatsOfManyGoroutines(t *testing.T) {
	s, routes := newStats(), []*route.Route{{}, {}}
	var senders sync.WaitGroup
	for stream := range 4 {
		senders.Go(func() {
			for range 100 {
				s.settled(routes[stream%2], sender.Counts{Accepted: 1, Bytes: 1})
				s.answered(routes[stream%2], 2, time.Millisecond)
			}
		})
	}
	senders.Wait()
	if total := s.all(); total.rows != 400 || total.retries != 400 || total.latency.n != 400 {
		t.Errorf("%d rows, %d retries, %d latencies; want 400 of each", total.rows, total.retries, total.latency.n)
	}
}

// A quantile is right within the 6 % that its buckets promise.
func TestLatencyQuantiles(t *testing.T) {
	var l latency
	if l.quantile(0.5) != 0 {
		t.Errorf("the median of nothing is %v", l.quantile(0.5))
	}
	for ms := range 1000 {
		l.add(time.Duration(ms+1) * time.Millisecond)
	}
	for q, want := range map[float64]time.Duration{0.05: 50 * time.Millisecond, 0.5: 500 * time.Millisecond, 0.95: 950 * time.Millisecond, 1: time.Second} {
		if got := l.quantile(q); got < want*94/100 || got > want*106/100 {
			t.Errorf("quantile %v is %v, want %v within 6 %%", q, got, want)
		}
	}
}

func TestLatencyOutsideTheBuckets(t *testing.T) {
	for _, d := range []time.Duration{1, latencyBase, 24 * time.Hour} {
		var l latency
		l.add(d)
		if got := l.quantile(0.5); got <= 0 || d == 24*time.Hour && got < 5*time.Hour {
			t.Errorf("the median of %v alone is %v", d, got)
		}
	}
}
