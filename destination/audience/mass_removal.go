package audience

import (
	"fmt"

	"destination-webhook/destination/failure"
)

// Policy is what the user allows at the end of a refresh.
type Policy struct {
	// Rows may be removed though the source never says that it read the stream to its end.
	WithoutComplete   bool
	AllowMassRemoval  bool    // any number of rows may be removed
	MaxRemovedPercent float64 // of a stream's rows, otherwise
}

// minRemoved is how many rows may always be removed.
const minRemoved = 100

// Refusal refuses to remove so many rows that it looks like a mistake: the source was empty, or a
// filter is wrong. A mode that sends no removals can do no such harm: it forgets the rows, and the
// next sync would send them as added.
func (a *Audience) Refusal(p Policy) error {
	f := &a.refresh
	switch {
	case p.AllowMassRemoval || f.left == 0 || !a.SendsRemovals():
		return nil
	case f.everything:
		return failure.Config(fmt.Errorf("stream %s: all of its %d rows would be removed, so none was: the source has sent no row that stays; if the audience is to be emptied, set allow_mass_removal for one sync",
			a.route.Title(), f.left))
	case f.left > minRemoved && float64(f.left)*100 > p.MaxRemovedPercent*float64(f.before):
		return failure.Config(fmt.Errorf("stream %s: %d of %d rows would be removed, so none was: check that the source is complete; if they really have left, set allow_mass_removal for one sync, or raise max_removed_percent (now %v)",
			a.route.Title(), f.left, f.before, p.MaxRemovedPercent))
	}
	return nil
}
