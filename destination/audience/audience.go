// Package audience is what the endpoint of a stream has, by all that it has confirmed: the diff of
// each record against the snapshot, the refreshes at whose end rows have left, and the guard on
// their removal. It knows rows as payload writes them, and neither requests nor answers.
package audience

import (
	"context"
	"fmt"
	"sync"

	"destination-webhook/destination/config"
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
