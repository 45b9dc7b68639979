package report

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"destination-webhook/destination/delivery"
	"destination-webhook/destination/route"
	"destination-webhook/destination/sender"
	"destination-webhook/protocol"
)

func added(rows int64) protocol.RowCounts { return protocol.RowCounts{protocol.Added: rows} }

func TestStatsCountPerStreamAndInAll(t *testing.T) {
	s, one, three := newStats(), &route.Route{}, &route.Route{}
	s.settled(three, sender.Counts{Accepted: added(8), Rejected: added(2), Bytes: 500})
	s.settled(three, sender.Counts{Accepted: added(5), Suppressed: added(4), Bytes: 250})
	s.settled(one, sender.Counts{Rejected: added(1), Bytes: 50})
	s.settled(one, sender.Counts{}) // nothing was sent
	for n := range 4 {
		s.attempted(three, delivery.Attempt{N: n + 1, Latency: time.Second, Err: errors.New("503")})
	}
	s.attempted(three, delivery.Attempt{N: 5, Latency: time.Second})
	s.attempted(one, delivery.Attempt{N: 1, Err: errors.New("400")})
	type counts struct{ rows, rejected, suppressed, batches, bytes, requests, retries, timed int64 }
	of := func(t streamStats) counts {
		return counts{t.rows(), t.rejected.Sum(), t.suppressed.Sum(), t.batches, t.bytes, t.requests, t.retries, t.latency.n}
	}
	got := map[string]counts{"3": of(*s.of(three)), "1": of(*s.of(one)), "all": of(s.all()), "none": of(*s.of(&route.Route{}))}
	want := map[string]counts{"3": {13, 2, 4, 2, 750, 5, 4, 1}, "1": {0, 1, 0, 1, 50, 1, 0, 0}, "all": {13, 3, 4, 3, 800, 6, 4, 1}, "none": {}}
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
				s.settled(routes[stream%2], sender.Counts{Accepted: added(1), Bytes: 1})
				s.attempted(routes[stream%2], delivery.Attempt{N: 2, Latency: time.Millisecond})
			}
		})
	}
	senders.Wait()
	if total := s.all(); total.rows() != 400 || total.retries != 400 || total.latency.n != 400 {
		t.Errorf("%d rows, %d retries, %d latencies; want 400 of each", total.rows(), total.retries, total.latency.n)
	}
}
