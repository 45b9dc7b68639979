package snapshot

import (
	"context"

	"github.com/cockroachdb/pebble/v2"
)

// Bypass notes that rows of a stream are sent without the snapshot, and reports whether it knows
// the stream.
func (s *Store) Bypass(stream string) (known bool, err error) {
	st := &Stream{store: s, id: Identity{Stream: stream, Title: stream}}
	if err = s.adopt(context.Background(), stream); err == nil {
		known, err = st.readMeta()
	}
	if err == nil && known && !st.meta.Bypassed {
		st.meta.Bypassed = true
		err = st.storeMeta(pebble.Sync)
	}
	if err != nil {
		return false, s.fail("opening stream "+stream+" of", err)
	}
	return known, nil
}

// Bypassed reports whether rows of the stream were sent without the snapshot since it was opened
// last.
func (st *Stream) Bypassed() bool { return st.bypassed }
