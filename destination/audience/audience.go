// Package audience is what the endpoint of a stream has, by all that it has confirmed: the diff of
// each record against the snapshot, the refreshes at whose end rows have left, and the guard on
// their removal. It knows rows as payload writes them, and neither requests nor answers.
package audience

import (
	"context"
	"fmt"
	"sync"

	"destination-webhook/batching"
	"destination-webhook/destination/config"
	"destination-webhook/destination/payload"
	"destination-webhook/destination/route"
	"destination-webhook/destination/snapshot"
	"destination-webhook/protocol"
)

// Audience is what the endpoint of one stream has. The owner of the sync asks it what records
// change; senders, many at once, tell it what the endpoint confirmed by Begin and
// Confirmation.Confirm.
type Audience struct {
	stream      *snapshot.Stream
	route       *route.Route
	incremental bool
	refresh     refresh
	found       [4]int64 // rows by their snapshot.Change

	mu      sync.Mutex
	refused map[string]bool // keys of which the endpoint rejected a row
}

// Open opens the audience of a stream, nil if its mode needs none. It warns if the snapshot is of
// another endpoint or key.
func Open(ctx context.Context, store *snapshot.Store, r *route.Route, warn func(text string)) (*Audience, error) {
	if r.Mode == config.Insert {
		return nil, nil
	}
	stream, err := store.Stream(ctx, identity(r), r.Configured.GenerationID)
	if err != nil {
		return nil, fmt.Errorf("stream %s: %w", r.Title(), err)
	}
	switch stream.Origin() {
	case snapshot.Moved:
		warn(fmt.Sprintf("stream %s: its URL or method has changed, so the snapshot of the old endpoint is dropped and every row counts as added", r.Title()))
	case snapshot.Rekeyed:
		warn(fmt.Sprintf("stream %s: its primary key has changed, so the snapshot of the old one is dropped and every row counts as added", r.Title()))
	}
	return &Audience{
		stream: stream, route: r, refused: make(map[string]bool),
		incremental: r.Configured.SyncMode != protocol.FullRefresh,
		refresh:     newRefresh(r.Configured, stream),
	}, nil
}

// identity returns what the snapshot knows a stream by.
func identity(r *route.Route) snapshot.Identity {
	return snapshot.Identity{
		Stream: fmt.Sprintf("%q %q", r.Stream.Namespace, r.Stream.Name), Title: r.Title(),
		Endpoint: fmt.Sprintf("%q %q", r.Method, r.URL), Key: fmt.Sprintf("%q", r.Key),
	}
}

// Epoch returns the snapshot's epoch, which a Webhook-Id has to cover, or nil for a stream that is
// not compared. It is constant during a sync.
func (a *Audience) Epoch() *uint64 {
	if a == nil {
		return nil
	}
	epoch := a.stream.Epoch()
	return &epoch
}

// Diff finds what a record changes; see payload.Differ.
func (a *Audience) Diff(key, data []byte, deleted bool, version []byte) (payload.Change, error) {
	if a.refresh.finished {
		a.refresh.finished = false
		a.stream.Restart()
	}
	found, v, err := a.compare(key, data, deleted)
	a.found[found]++
	c := payload.Change{Operation: payload.Skipped, Version: v.Append(version)}
	switch found {
	case snapshot.Added:
		c.Operation, c.Suppressed = payload.Added, a.route.Mode == config.Remove
	case snapshot.Changed:
		c.Operation, c.Suppressed = payload.Changed, a.route.Mode == config.Add || a.route.Mode == config.Remove
	case snapshot.Removed:
		c.Operation, c.Suppressed = payload.Removed, !a.removes(deleted)
	}
	return c, err
}

func (a *Audience) compare(key, data []byte, deleted bool) (snapshot.Change, snapshot.Version, error) {
	switch {
	case !deleted:
		return a.stream.Diff(key, data)
	case a.incremental:
		// The source will not say it again, and the endpoint may have the row from before there was
		// a snapshot.
		return a.stream.RemoveUnknown(key)
	default:
		return a.stream.Remove(key) // a table says it each time
	}
}

// removes reports whether the mode sends removed rows. An upsert sends those that the source itself
// marks as deleted.
func (a *Audience) removes(marked bool) bool {
	return a.route.Mode == config.Remove || a.route.Mode == config.Mirror || a.route.Mode == config.Upsert && marked
}

// Summary describes what the rows were found to be, whether they were sent or not.
func (a *Audience) Summary() string {
	text := fmt.Sprintf("compared with the snapshot %d rows are added, %d changed, %d removed, %d unchanged",
		a.found[snapshot.Added], a.found[snapshot.Changed], a.found[snapshot.Removed], a.found[snapshot.Unchanged])
	if n := a.Repeated(); n > 0 {
		text += fmt.Sprintf("; %d came with a key that had come before, of which the last one counts", n)
	}
	return text
}

// Repeated returns the number of rows with a key that had come before in this sync.
func (a *Audience) Repeated() int { return a.stream.Repeated() }

// Finish notes in the snapshot that the sync has ended well.
func (a *Audience) Finish(p Policy) { a.stream.Finish(a.refresh.complete(p)) }

// Begin notes durably that the rows of a batch are about to be sent.
func (a *Audience) Begin(ctx context.Context, b *batching.Batch) (*Confirmation, error) {
	c := &Confirmation{audience: a, places: make(map[int]int, b.Rows())}
	for i := range b.Rows() {
		m := payload.ReadMetadata(b.Metadata(i))
		if len(m.Version) == 0 {
			continue // it has no key
		}
		version, _ := snapshot.ParseVersion(m.Version)
		row := payload.ReadRow(b.Row(i))
		c.places[i] = len(c.rows)
		c.rows = append(c.rows, snapshot.Row{Key: row.PrimaryKey, Data: row.Data, Version: version})
	}
	if len(b.Suppressed()) == b.Rows() {
		return c, nil // nothing is sent that could be uncertain
	}
	var err error
	if c.batch, err = a.stream.Begin(ctx, c.rows); err != nil {
		return nil, a.named(err)
	}
	return c, nil
}

// named adds the stream's name to an error of the snapshot.
func (a *Audience) named(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("stream %s: %w", a.route.Title(), err)
}

// Confirmation is a batch between its first request and its outcome.
type Confirmation struct {
	audience *Audience
	batch    *snapshot.Batch // nil: nothing is sent
	rows     []snapshot.Row
	places   map[int]int // in rows, of the batch's rows that are compared
}

// Confirm takes over what the endpoint confirmed: all rows of the batch but the rejected ones. A
// suppressed row is not confirmed if the endpoint rejected an earlier row with the same key.
// Without Confirm the rows stay uncertain.
func (c *Confirmation) Confirm(rejected, suppressed []int) error {
	c.audience.mu.Lock()
	defer c.audience.mu.Unlock()
	refused := c.audience.refused
	for _, i := range rejected {
		if place, ok := c.places[i]; ok {
			c.rows[place].Rejected = true
			refused[string(c.rows[place].Key)] = true
		}
	}
	for _, i := range suppressed {
		if place, ok := c.places[i]; ok && refused[string(c.rows[place].Key)] {
			c.rows[place].Rejected = true
		}
	}
	if c.batch == nil {
		return c.audience.named(c.audience.stream.Commit(c.rows))
	}
	return c.audience.named(c.batch.Confirm())
}
