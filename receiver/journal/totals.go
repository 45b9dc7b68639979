package journal

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// maxStreams bounds the totals per stream: a sender chooses the names, and must not be able to fill
// the memory with them. Later streams are counted as one.
const maxStreams = 1000

// otherStreams is the name under which streams beyond maxStreams are counted.
const otherStreams = "(other streams)"

// Totals count everything since the start.
type Totals struct {
	Requests   int64 `json:"requests"`   // arrived
	Answered   int64 `json:"answered"`   // answered, or closed without an answer
	Failed     int64 `json:"failed"`     // of those, not answered 2xx
	Duplicates int64 `json:"duplicates"` // accepted though their Webhook-Id had been accepted before
	Rows       int64 `json:"rows"`       // accepted, duplicates included
	Repeated   int64 `json:"repeated"`   // of those, rows of duplicates
	Rejected   int64 `json:"rejected"`   // named in a verdict
	Bytes      int64 `json:"bytes"`      // of bodies, uncompressed
	WireBytes  int64 `json:"wire_bytes"` // of bodies, as sent
	Open       int64 `json:"open"`       // connections at the moment, of a Server

	Streams []StreamTotals `json:"streams"` // by namespace and name
}

// StreamTotals count what was accepted of one stream.
type StreamTotals struct {
	Namespace string `json:"namespace"`
	Stream    string `json:"stream"`
	Requests  int64  `json:"requests"`
	Rows      int64  `json:"rows"`     // duplicates included
	Repeated  int64  `json:"repeated"` // of those, rows of duplicates
	Bytes     int64  `json:"bytes"`
	// Rows by operation; "" if the sender does not know.
	Operations map[string]int64 `json:"operations"`
	Run        *Run             `json:"run,omitempty"` // the latest, of a sender that sends manifests
}

type streamName struct{ namespace, stream string }

// tally is the state that Totals is made of. It is not safe for concurrent use.
type tally struct {
	totals  Totals
	streams map[streamName]*StreamTotals
	chart   chart
}

func newTally() tally {
	return tally{streams: map[streamName]*StreamTotals{}}
}

func (t *tally) arrive(q *Request) {
	t.totals.Requests++
	t.totals.Bytes += q.Bytes
	t.totals.WireBytes += q.WireBytes
}

func (t *tally) complete(q *Request, accepted []Row, now time.Time) {
	t.totals.Answered++
	t.chart.add(now, int64(len(accepted)), q.Bytes)
	if q.Status < 200 || q.Status > 299 {
		t.totals.Failed++
		return
	}
	t.totals.Rows += int64(len(accepted))
	t.totals.Rejected += int64(len(q.Rejected))
	if q.Rows == 0 {
		return
	}
	if q.Duplicate {
		t.totals.Duplicates++
		t.totals.Repeated += int64(len(accepted))
	}
	s := t.stream(streamName{q.Namespace, q.Stream})
	if q.Duplicate {
		s.Repeated += int64(len(accepted))
	}
	s.Requests++
	s.Bytes += q.Bytes
	s.Rows += int64(len(accepted))
	for i := range accepted {
		s.Operations[accepted[i].Operation]++
	}
}

func (t *tally) stream(name streamName) *StreamTotals {
	if s := t.streams[name]; s != nil {
		return s
	}
	if len(t.streams) >= maxStreams {
		name = streamName{stream: otherStreams}
		if s := t.streams[name]; s != nil {
			return s
		}
	}
	s := &StreamTotals{Namespace: name.namespace, Stream: name.stream, Operations: map[string]int64{}}
	t.streams[name] = s
	return s
}

// snapshot returns a copy of the totals, with the streams in order.
func (t *tally) snapshot() Totals {
	totals := t.totals
	totals.Streams = make([]StreamTotals, 0, len(t.streams))
	for _, s := range t.streams {
		c := *s
		c.Operations = maps.Clone(s.Operations)
		totals.Streams = append(totals.Streams, c)
	}
	slices.SortFunc(totals.Streams, func(a, b StreamTotals) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Stream, b.Stream))
	})
	return totals
}
