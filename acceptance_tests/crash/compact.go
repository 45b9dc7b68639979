package main

import "math/rand/v2"

// drawCompact chooses by a generator of its own, so that a seed draws the rest of its plan as ever.
func drawCompact(seed uint64) bool { return rand.New(rand.NewPCG(seed, 4)).IntN(2) == 0 }

// replacing returns the records that may be sent in the place of a record: the later ones of its
// key, if batches are compacted.
func (p *plan) replacing(position int) (later []message) {
	m := p.messages[position-1]
	if !p.settings.compact || !p.streams[m.stream].keyed {
		return nil
	}
	for _, other := range p.messages[position:] {
		if !other.state && other.stream == m.stream && other.key == m.key {
			later = append(later, other)
		}
	}
	return later
}

// mayBeRejected reports whether the endpoint refuses a record, or one that may be sent in its
// place.
func (p *plan) mayBeRejected(position int) bool {
	for _, m := range append(p.replacing(position), p.messages[position-1]) {
		if m.bad {
			return true
		}
	}
	return false
}

// replaced reports whether a record that may have been sent in the place of another one has
// arrived.
func (o *oracle) replaced(position int) bool {
	for _, m := range o.plan.replacing(position) {
		if o.arrived[m.position] {
			return true
		}
	}
	return false
}
