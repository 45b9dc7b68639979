package snapshot

import "errors"

// KnowGeneration notes that the platform gives the stream generations: then 0 is one that was never
// refreshed.
func (st *Stream) KnowGeneration() { st.meta.Known = true }

// Unclear reports whether the current generation is the first that is known, so that nobody can
// tell if it is a refresh.
func (st *Stream) Unclear() bool { return st.meta.Unclear }

// Newer reports whether the current generation came after another one that the snapshot knew.
func (st *Stream) Newer() bool { return st.meta.Newer }

// Finished reports whether an earlier sync has read the current generation to its end.
func (st *Stream) Finished() bool { return st.meta.Finished }

// Restart starts the current generation over: only what is seen from here on has not left. It is
// for drivers that give every full refresh the same generation, and comes before the first Diff.
func (st *Stream) Restart() {
	st.meta.clearIncomplete()
	st.meta.Finished, st.meta.Start, st.before = false, st.next, nil
}

// Finish notes that the sync has ended well, for Close to store. whole is set if it read its
// generation to the end, or was no part of a refresh: then a later refresh of the same generation
// does not count what it has seen.
func (st *Stream) Finish(whole bool) {
	st.finished = true
	st.meta.Epoch++
	st.meta.Finished = st.meta.Finished || whole
}

// Salt is the same for all syncs of this snapshot of the stream, and never the same for one that
// was started over.
func (st *Stream) Salt() uint64 { return st.meta.Base }

// KeepsAny reports whether there is a key that has not left. Like CountUnseen it is for the end of
// a refresh.
func (st *Stream) KeepsAny() (bool, error) {
	err := st.each(func(_ []byte, e entry) error {
		if !st.isUnseen(e) {
			return errStopped
		}
		return nil
	})
	if errors.Is(err, errStopped) {
		return true, nil
	}
	return false, err
}
