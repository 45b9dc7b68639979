package journal

import (
	"cmp"
	"io"
	"maps"
	"slices"
)

// Comparison holds what arrived against what the states of syncs claim.
type Comparison struct {
	States int64 `json:"states"`
	Equal  bool  `json:"equal"` // nothing is missing, and nothing but removals is unclaimed
	// By namespace and name; one without a name if states speak for all streams.
	Streams []Compared `json:"streams"`
}

// Compared is what the states claim of a stream, and what arrived. Rows that arrived twice count
// once.
type Compared struct {
	Namespace string `json:"namespace"`
	Stream    string `json:"stream"`
	Claimed   int64  `json:"claimed"` // rows delivered
	Arrived   int64  `json:"arrived"` // rows accepted
	Rejected  int64  `json:"rejected"`
	Missing   int64  `json:"missing"`   // claimed, and did not arrive
	Unclaimed int64  `json:"unclaimed"` // arrived, and no state claims them
	Verdict   string `json:"verdict"`   // one of those below
}

// The results of a comparison. Removals come after the last state, so no state counts them.
const (
	equal     = "equal"
	removals  = "removals"  // no more is unclaimed than rows were removed
	missing   = "missing"   // rows are lost, or were sent elsewhere
	unclaimed = "unclaimed" // rows came after the last state: the next sync sends them again
	unknown   = "unknown"   // the receiver was restarted, and has not kept what came before
)

// Claim adds the states among the lines of a sync's output, and returns the comparison.
func (j *Journal) Claim(output io.Reader) (Comparison, error) {
	j.claiming.Lock() // one output at a time: each takes memory for its longest line
	defer j.claiming.Unlock()
	claimed, err := readClaims(output)
	if err != nil {
		return Comparison{}, err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.claims.merge(claimed)
	j.notify()
	return j.compare(), nil
}

// Compare returns what arrived against what the states that were given claim.
func (j *Journal) Compare() Comparison {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.compare()
}

// compare does so with mu held.
func (j *Journal) compare() Comparison {
	c := Comparison{States: j.claims.states, Streams: []Compared{}, Equal: true}
	if c.States == 0 {
		return c
	}
	claimed, arrived := j.claims.streams, j.totals.streams
	if j.claims.global {
		claimed, arrived = total(claimed, j.claims.all), j.totals.total()
	}
	for _, name := range names(claimed, arrived) {
		s := j.compared(name, cmp.Or(claimed[name], &claim{}), cmp.Or(arrived[name], &StreamTotals{}))
		c.Equal = c.Equal && (s.Verdict == equal || s.Verdict == removals)
		c.Streams = append(c.Streams, s)
	}
	return c
}

// total returns the claims of all streams together, under no name.
func total(streams map[streamName]*claim, all claim) map[streamName]*claim {
	for _, s := range streams {
		all.delivered, all.rejected = all.delivered+s.delivered, all.rejected+s.rejected
	}
	return map[streamName]*claim{{}: &all}
}

// total returns the totals of all streams together, under no name.
func (t *tally) total() map[streamName]*StreamTotals {
	all := StreamTotals{Operations: map[string]int64{}}
	for _, s := range t.streams {
		all.Rows, all.Repeated = all.Rows+s.Rows, all.Repeated+s.Repeated
		all.Operations["removed"] += s.Operations["removed"]
	}
	return map[streamName]*StreamTotals{{}: &all}
}

// names returns the streams that have a claim or a row, in order.
func names(claimed map[streamName]*claim, arrived map[streamName]*StreamTotals) []streamName {
	all := slices.Concat(slices.Collect(maps.Keys(claimed)), slices.Collect(maps.Keys(arrived)))
	slices.SortFunc(all, func(a, b streamName) int {
		return cmp.Or(cmp.Compare(a.namespace, b.namespace), cmp.Compare(a.stream, b.stream))
	})
	return slices.Compact(all)
}

// compared compares one stream.
func (j *Journal) compared(name streamName, claimed *claim, t *StreamTotals) Compared {
	c := Compared{Namespace: name.namespace, Stream: name.stream, Claimed: claimed.delivered, Rejected: claimed.rejected, Arrived: t.Rows - t.Repeated}
	c.Missing, c.Unclaimed = max(0, c.Claimed-c.Arrived), max(0, c.Arrived-c.Claimed)
	switch {
	case j.forgotten:
		c.Verdict = unknown
	case c.Missing > 0:
		c.Verdict = missing
	case c.Unclaimed == 0:
		c.Verdict = equal
	case c.Unclaimed <= t.Operations["removed"]:
		c.Verdict = removals
	default:
		c.Verdict = unclaimed
	}
	return c
}
