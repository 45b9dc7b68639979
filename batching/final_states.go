package batching

import (
	"cmp"
	"slices"
)

// finalStates puts the states that are held at the end of the input into its order, so that the
// last state in is the last one out. Until then the scopes of streams are independent of each
// other. The states of one segment still come out together: a sync that resumes between them would
// send other batches. The zero value holds nothing back.
type finalStates struct {
	held []int64 // the ordinals of the states that are not emitted, in order; nil before the end
	due  []dueState
}

// dueState is a state whose rows are settled.
type dueState struct {
	heldState
	rejected int64
	last     int64 // the sequence of the last state of its segment
}

// hold begins to hold back: of the scopes' states, and of those that are due and were not emitted,
// each one waits for all those before it in the input.
func (f *finalStates) hold(scopes []*scope, due []dueState) {
	f.held, f.due = []int64{}, due
	for i := range due {
		f.held = append(f.held, due[i].sequence)
	}
	for _, c := range scopes {
		for _, g := range c.segments {
			for i := range g.states {
				f.held = append(f.held, g.states[i].sequence)
			}
		}
	}
	slices.Sort(f.held)
}

// add takes a state that is due and returns those that may be emitted by now.
func (f *finalStates) add(s dueState) (ready []dueState) {
	at, _ := slices.BinarySearchFunc(f.due, s, bySequence)
	f.due = slices.Insert(f.due, at, s)
	n := 0
	for i, last := 0, int64(0); i < len(f.due) && f.due[i].sequence == f.held[i]; i++ {
		if last = max(last, f.due[i].last); last == f.due[i].sequence {
			n = i + 1
		}
	}
	ready, f.due, f.held = f.due[:n:n], f.due[n:], f.held[n:]
	return ready
}

func bySequence(a, b dueState) int { return cmp.Compare(a.sequence, b.sequence) }

// release ends the holding back, after a failure, and returns the states that are due in the order
// of the input.
func (f *finalStates) release() []dueState {
	due := f.due
	*f = finalStates{}
	return due
}
