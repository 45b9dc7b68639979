package audience

import (
	"errors"
	"iter"

	"destination-webhook/batching"
	"destination-webhook/destination/payload"
	"destination-webhook/destination/snapshot"
	"destination-webhook/protocol"
)

// Status is what the source has said last about its reading of a stream: that it came to the end,
// or that it did not. The zero value: it has said nothing.
type Status struct{ Complete, Incomplete bool }

// Unfinished returns why a stream was not read to its end; "" if it was.
func (s Status) Unfinished(p Policy) string {
	switch {
	case s.Incomplete:
		return "the source says that it did not read the stream to its end"
	case !s.Complete && !p.WithoutComplete:
		return "the source has not said that it read the stream to its end; set removals_without_complete if it never does"
	}
	return ""
}

// refresh is the reading of a whole stream, at whose end the rows that it has not seen have left.
// It may take several syncs of one generation.
type refresh struct {
	whole    bool // the sync is part of one
	finished bool // it ended with an earlier sync; the first record of this one begins another

	left, before int    // rows that left, of those that there were, once counted
	everything   bool   // they are all that there are
	kept         string // why those that left are not removed
}

// newRefresh tells by the catalog what a sync reads. An incremental sync is a refresh if its
// generation is the least to keep and follows another one; that it is the least is no sign by
// itself, see protocol.ConfiguredStream.Truncates.
func newRefresh(s *protocol.ConfiguredStream, stream *snapshot.Stream) refresh {
	if s.SyncMode == protocol.FullRefresh {
		return refresh{whole: true, finished: stream.Finished()}
	}
	return refresh{whole: s.Truncates() && stream.Newer() && !stream.Finished()}
}

// complete reports whether the refresh is complete with this sync.
func (f *refresh) complete(p Policy, s Status) bool { return f.whole && f.incompleteReason(p, s) == "" }

// incompleteReason returns why the refresh is incomplete, or "" if it is complete.
func (f *refresh) incompleteReason(p Policy, s Status) string {
	if f.finished {
		return "an earlier sync has finished the refresh, and this one has read no row"
	}
	return s.Unfinished(p)
}

// Whole reports whether the sync reads all rows of the stream, or a part of such a reading that an
// earlier sync began.
func (a *Audience) Whole() bool { return a.refresh.whole }

// ReadWhole reports whether all rows of the stream were read with this sync, once all are settled.
func (a *Audience) ReadWhole(p Policy, s Status) bool {
	return a.refresh.complete(p, s) && a.refresh.kept == ""
}

// CountUnseen counts, once all rows are settled, those that left by the end of the refresh, and
// reports whether there are any to take out. The error refuses a removal that the policy does not
// allow. kept is the reason why rows that left are not removed though the mode would send them; ""
// if there is none.
func (a *Audience) CountUnseen(p Policy, s Status) (found bool, kept string, err error) {
	f := &a.refresh
	if !f.whole {
		return false, "", nil
	}
	if f.finished && a.route.Configured.GenerationID == 0 {
		// Nothing resumes a refresh without a generation: the source has read an empty table.
		f.finished = false
		a.stream.Restart()
	}
	if f.kept = f.incompleteReason(p, s); f.kept != "" {
		return false, a.Kept(), nil
	}
	err = a.count()
	// All rows are delivered, and repeating a failed sync would not help.
	if errors.Is(err, snapshot.ErrGenerationIncomplete) {
		f.kept = snapshot.ErrGenerationIncomplete.Error()
		return false, a.Kept(), nil
	}
	if err == nil {
		err = a.Refusal(p)
	}
	return f.left > 0, "", err
}

func (a *Audience) count() (err error) {
	f := &a.refresh
	if f.left, f.before, err = a.stream.CountUnseen(); err != nil || f.left < f.before {
		return err
	}
	kept, err := a.stream.KeepsAny()
	f.everything = !kept
	return err
}

// Kept returns why rows that left are not removed, once they are counted; "" if they are, or if the
// mode sends no removals.
func (a *Audience) Kept() string {
	if !a.SendsRemovals() {
		return ""
	}
	return a.refresh.kept
}

// Unseen returns the number of rows that left, once they are counted.
func (a *Audience) Unseen() int { return a.refresh.left }

// SendsRemovals reports whether the mode sends rows that left.
func (a *Audience) SendsRemovals() bool { return a.removes(false) }

// Removals goes over the rows that left, as rows of e for the endpoint. If the mode sends no
// removals they are suppressed: once they are confirmed, the snapshot forgets them. A row is valid
// until the next one.
func (a *Audience) Removals(e *payload.Encoder) iter.Seq2[*batching.Row, error] {
	return func(yield func(*batching.Row, error) bool) {
		for row, err := range a.stream.Unseen() {
			if err != nil {
				yield(nil, err)
				return
			}
			if !row.Superseded {
				a.found[snapshot.Removed]++
			}
			if !yield(e.Removal(row.Key, row.Data, row.Superseded || !a.SendsRemovals(), row.Version.Append), nil) {
				return
			}
		}
	}
}
