package destination

import (
	"context"
	"fmt"
	"sync"

	"destination-webhook/batching"
	"destination-webhook/destination/config"
	"destination-webhook/destination/snapshot"
	"destination-webhook/protocol"
)

// audience is what the endpoint of one stream has, by all that it has confirmed, and so tells what a record changes about
// it. The owner of the sync asks, the senders confirm.
type audience struct {
	*snapshot.Stream
	mode        config.SyncMode
	incremental bool
	refresh     refresh

	mark  snapshot.Version // of the last record
	found [4]int64         // rows by their snapshot.Change

	mu      sync.Mutex
	refused map[string]bool // keys of which the endpoint rejected a row
}

// openAudiences gives every route that sends differences its audience.
func openAudiences(ctx context.Context, store *snapshot.Store, rs *routes, catalog *protocol.Catalog, warn func(string, ...any)) error {
	for i, r := range rs.all {
		if r.mode == config.Insert {
			continue
		}
		s := &catalog.Streams[i]
		stream, err := store.Stream(ctx, r.identity(), s.GenerationID)
		if err != nil {
			return fmt.Errorf("stream %s: %w", r.title(), err)
		}
		switch stream.Origin() {
		case snapshot.Moved:
			warn(fmt.Sprintf("stream %s: its URL or method is another than before, so the snapshot of the old endpoint is dropped and every row counts as added", r.title()))
		case snapshot.Rekeyed:
			warn(fmt.Sprintf("stream %s: its primary key is another than before, so the snapshot of the old one is dropped and every row counts as added", r.title()))
		}
		r.audience = &audience{
			Stream: stream, mode: r.mode, refused: make(map[string]bool),
			incremental: s.SyncMode != protocol.FullRefresh,
			refresh:     newRefresh(s, stream),
		}
	}
	return nil
}

// identity is what the snapshot knows a stream by.
func (r *route) identity() snapshot.Identity {
	return snapshot.Identity{
		Stream: fmt.Sprintf("%q %q", r.namespace, r.name), Title: r.title(),
		Endpoint: fmt.Sprintf("%q %q", r.method, r.url), Key: fmt.Sprintf("%q", r.key),
	}
}

// finish notes in the snapshots that the sync has ended well.
func (rs *routes) finish(c *config.Config) {
	for _, r := range rs.all {
		if a := r.audience; a != nil {
			a.Finish(a.refresh.ended(c))
		}
	}
}

// change is what a record means to the audience: an operation, and whether the mode sends it. skip is for one that changes
// nothing.
func (a *audience) change(key, data []byte, deleted bool) (operation string, silent bool, err error) {
	if a.refresh.finished {
		a.refresh.finished = false
		a.Restart()
	}
	var change snapshot.Change
	switch {
	case !deleted:
		change, a.mark, err = a.Diff(key, data)
	case a.incremental:
		// The source will not say it again, and the endpoint may have the row from before there was a snapshot.
		change, a.mark, err = a.RemoveUnknown(key)
	default:
		change, a.mark, err = a.Remove(key) // a table says it each time
	}
	a.found[change]++
	switch change {
	case snapshot.Added:
		return "added", a.mode == config.Remove, err
	case snapshot.Changed:
		return "changed", a.mode == config.Add || a.mode == config.Remove, err
	case snapshot.Removed:
		return "removed", !a.removes(deleted), err
	}
	return skip, false, err
}

// summary says what the rows were found to be, sent or not.
func (a *audience) summary() string {
	text := fmt.Sprintf("compared with the snapshot %d rows are added, %d changed, %d removed, %d unchanged",
		a.found[snapshot.Added], a.found[snapshot.Changed], a.found[snapshot.Removed], a.found[snapshot.Unchanged])
	if n := a.Repeated(); n > 0 {
		text += fmt.Sprintf("; %d came with a key that had come before, of which the last one counts", n)
	}
	return text
}

// removes says whether the mode sends removed rows. An upsert sends those that the source itself marks as deleted.
func (a *audience) removes(marked bool) bool {
	return a.mode == config.Remove || a.mode == config.Mirror || a.mode == config.Upsert && marked
}

// begin notes the rows of a batch as about to be sent. The rows' places are those of the batch, but for the unfit.
func (a *audience) begin(ctx context.Context, b *batching.Batch) (*confirmation, error) {
	c := &confirmation{audience: a, places: make(map[int]int, b.Rows())}
	for i := range b.Rows() {
		note := b.Metadata(i)
		if len(note) == 0 || note[0] != marked {
			continue
		}
		mark, _ := snapshot.ParseVersion(note[1:])
		fields := rowFields.Find(b.Row(i), nil)
		c.places[i] = len(c.rows)
		c.rows = append(c.rows, snapshot.Row{Key: fields[1], Data: fields[0], Version: mark})
	}
	if len(b.Suppressed()) == b.Rows() {
		return c, nil // nothing is sent that could be in doubt
	}
	var err error
	c.batch, err = a.Begin(ctx, c.rows)
	return c, err
}

// confirmation is a batch between its first request and its outcome.
type confirmation struct {
	*audience
	batch  *snapshot.Batch // nil: nothing is sent
	rows   []snapshot.Row
	places map[int]int // of the batch's rows
}

// settle takes over what the endpoint has confirmed. A silent row of a key that it rejected is not: what the row is said
// to follow is not there.
func (c *confirmation) settle(rejected, silent []int) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, i := range rejected {
		if place, ok := c.places[i]; ok {
			c.rows[place].Rejected = true
			c.refused[string(c.rows[place].Key)] = true
		}
	}
	for _, i := range silent {
		if place, ok := c.places[i]; ok && c.refused[string(c.rows[place].Key)] {
			c.rows[place].Rejected = true
		}
	}
	if c.batch == nil {
		return c.Commit(c.rows)
	}
	return c.batch.Confirm()
}

// A note of a row is a mark behind the byte marked, if there is one, and the JSON of its dead letter.
const marked = 'm'
