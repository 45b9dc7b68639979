package destination

import (
	"errors"
	"fmt"

	"destination-webhook/destination/config"
	"destination-webhook/destination/failure"
	"destination-webhook/destination/snapshot"
	"destination-webhook/protocol"
)

// refresh is the reading of a whole stream, at whose end the rows that it has not seen have left. It may take several syncs
// of one generation.
type refresh struct {
	whole    bool // the sync is part of one
	finished bool // it ended with an earlier sync; the first record of this one begins another

	complete, incomplete bool // as the source said last

	left, before int    // rows that left, of those that there were, once counted
	everything   bool   // they are all that there are
	kept         string // why those that left are not removed
}

// newRefresh tells by the catalog what a sync reads. An incremental sync is a refresh where its generation is the least to
// keep and follows another one; that it is the least alone says nothing, see protocol.ConfiguredStream.Truncates.
func newRefresh(s *protocol.ConfiguredStream, stream *snapshot.Stream) refresh {
	if s.SyncMode == protocol.FullRefresh {
		return refresh{whole: true, finished: stream.Finished()}
	}
	return refresh{whole: s.Truncates() && stream.Newer() && !stream.Finished()}
}

// hear takes what the source says of the stream.
func (f *refresh) hear(t *protocol.Trace) {
	if t.Complete || t.Incomplete {
		f.complete, f.incomplete = t.Complete, t.Incomplete
	}
}

// ended says whether the refresh has come to its end in this sync.
func (f *refresh) ended(c *config.Config) bool { return f.whole && f.open(c) == "" }

// open says why the refresh is not at its end; "" where it is.
func (f *refresh) open(c *config.Config) string {
	switch {
	case f.finished:
		return "an earlier sync has finished the refresh, and this one has read no row"
	case f.incomplete:
		return "the source says that it did not read the stream to its end"
	case !f.complete && !c.RemovalsWithoutComplete:
		return "the source has not said that it read the stream to its end; set removals_without_complete if it never does"
	}
	return ""
}

// sweep counts the rows that left, and says whether there are any to take out.
func (a *audience) sweep(c *config.Config, title string) (leave bool, err error) {
	f := &a.refresh
	if !f.whole {
		return false, nil
	}
	if f.kept = f.open(c); f.kept != "" {
		return false, nil
	}
	err = a.count()
	if errors.Is(err, snapshot.ErrGenerationIncomplete) { // all rows are delivered, and a failed sync would be repeated to no avail
		f.kept = snapshot.ErrGenerationIncomplete.Error()
		return false, nil
	}
	if err == nil {
		err = a.guard(c, title)
	}
	return f.left > 0, err
}

func (a *audience) count() (err error) {
	f := &a.refresh
	if f.left, f.before, err = a.CountUnseen(); err != nil || f.left < f.before {
		return err
	}
	kept, err := a.KeepsAny()
	f.everything = !kept
	return err
}

// minRemoved is how many rows may always be removed.
const minRemoved = 100

// guard refuses to remove so many rows that it looks like a mistake: the source was empty, or a filter is wrong. A mode that
// sends no removals can do no such harm: it forgets the rows, and the next sync would send them as added.
func (a *audience) guard(c *config.Config, title string) error {
	f := &a.refresh
	switch {
	case c.AllowMassRemoval || f.left == 0 || !a.removes(false):
		return nil
	case f.everything:
		return failure.Config(fmt.Errorf("stream %s: all of its %d rows would be removed, and none was: the source has sent no row that stays; if the audience is to be emptied, set allow_mass_removal for one sync",
			title, f.left))
	case f.left > minRemoved && float64(f.left)*100 > c.MaxRemovedPercent*float64(f.before):
		return failure.Config(fmt.Errorf("stream %s: %d of %d rows would be removed, and none was: look whether the source is complete; if they really have left, set allow_mass_removal for one sync, or raise max_removed_percent (now %v)",
			title, f.left, f.before, c.MaxRemovedPercent))
	}
	return nil
}
