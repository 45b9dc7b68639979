// Package audience is what the endpoint of a stream has, by all that it has confirmed: the diff of
// each record against the snapshot, the refreshes at whose end rows have left, and the guard on
// their removal. It knows rows as payload writes them, and neither requests nor answers.
package audience

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"strings"
	"sync"

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
	refused map[string]bool // keys whose last row that was sent the endpoint rejected
}

// Open opens the audience of a stream, nil if its mode needs none. It warns if the snapshot is of
// another endpoint or key, or does not know all that was sent. It puts the fields of the route's
// key into the order in which the endpoint got them first, so it comes before the stream's encoder
// is made.
func Open(ctx context.Context, store *snapshot.Store, r *route.Route, warn func(text string, args ...any)) (*Audience, error) {
	if r.Mode == config.Insert {
		return nil, bypass(store, r, warn)
	}
	stream, err := store.Stream(ctx, identity(r), r.Configured.GenerationID)
	if err != nil {
		return nil, fmt.Errorf("stream %s: %w", r.Title(), err)
	}
	switch stream.Origin() {
	case snapshot.Moved:
		warn("the URL or method of a stream has changed, so the snapshot of the old endpoint is dropped and every row counts as added", "stream", r.Title())
	case snapshot.Rekeyed:
		warn("the primary key of a stream has changed, so the snapshot of the old one is dropped and every row counts as added", "stream", r.Title())
	}
	if stream.Reprogrammed() {
		warn("the transform of a stream has changed since the last sync: rows of which it makes something else count as changed, and are sent again", "stream", r.Title())
	}
	if stream.Bypassed() {
		warn("rows were sent in sync mode insert since the snapshot was last used: a row that equals its entry in the old snapshot is not sent; delete the snapshot to send every row", "stream", r.Title())
	}
	if r.Configured.SyncID > 0 {
		stream.KnowGeneration()
	}
	if r.Configured.SyncMode != protocol.FullRefresh && r.Configured.Truncates() && stream.Unclear() {
		warn("this is the first sync with a generation, so whether the source is read from the start is not known: rows that left are not removed before the next refresh", "stream", r.Title())
	}
	r.Key = stream.Key()
	return &Audience{
		stream: stream, route: r, refused: make(map[string]bool),
		incremental: r.Configured.SyncMode != protocol.FullRefresh,
		refresh:     newRefresh(r.Configured, stream),
	}, nil
}

// bypass notes that the rows of a stream are sent without the snapshot.
func bypass(store *snapshot.Store, r *route.Route, warn func(text string, args ...any)) error {
	known, err := store.Bypass(streamName(r))
	if known {
		warn("sync mode insert sends every row and does not update the snapshot of earlier syncs: another mode would go on from that, and not know these rows", "stream", r.Title())
	}
	return err
}

func streamName(r *route.Route) string {
	return fmt.Sprintf("%q %q", r.Stream.Namespace, r.Stream.Name)
}

// identity returns what the snapshot knows a stream by. Of several routes it is the one by which
// rows come to the endpoint: how they change there or leave may be configured differently.
func identity(r *route.Route) snapshot.Identity {
	e := r.To(string(payload.Added))
	if r.Mode == config.Remove {
		e = r.To(string(payload.Removed))
	}
	return snapshot.Identity{
		Stream: streamName(r), Title: r.Title(), Key: r.Key,
		Endpoint: endpoint(e.Method, e.URL), EndpointBefore: fmt.Sprintf("%q %q", e.Method, e.URL),
		Program: r.Payload.Transform,
	}
}

// endpoint returns what makes an endpoint another one: method, host, port, path, and the query
// without its secrets. A new password, token or signature leads to the same endpoint.
func endpoint(method, address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return fmt.Sprintf("%q %q", method, address)
	}
	query := u.Query()
	maps.DeleteFunc(query, func(name string, _ []string) bool { return secretName.MatchString(name) })
	port := cmp.Or(u.Port(), map[string]string{"http": "80", "https": "443"}[strings.ToLower(u.Scheme)])
	return fmt.Sprintf("%s %s:%s %q %s", method, strings.ToLower(u.Hostname()), port, u.EscapedPath(), query.Encode())
}

// secretName matches the names of a query that carry credentials, or change with them: the time
// when they expire, and the other members of a signed address.
var secretName = regexp.MustCompile(`(?i)token|key|secret|sig|pass|pwd|auth|cred|jwt|code|expir|^x-(amz|goog)-|^(sv|se|st|sp|sr|spr)$`)

// Found is what the rows of a sync were found to be, compared with the snapshot, whether they were
// sent or not.
type Found struct {
	Added     int64 `json:"added"`
	Changed   int64 `json:"changed"`
	Removed   int64 `json:"removed"`
	Unchanged int64 `json:"unchanged"`
	// Came with a key that had come before; they are counted above as well.
	Repeated int64 `json:"repeated"`
}

// Found returns what the rows were found to be.
func (a *Audience) Found() Found {
	return Found{
		Added: a.found[snapshot.Added], Changed: a.found[snapshot.Changed], Removed: a.found[snapshot.Removed],
		Unchanged: a.found[snapshot.Unchanged], Repeated: int64(a.Repeated()),
	}
}

func (f Found) String() string {
	text := fmt.Sprintf("compared with the snapshot: %d added, %d changed, %d removed, %d unchanged", f.Added, f.Changed, f.Removed, f.Unchanged)
	if f.Repeated > 0 {
		text += fmt.Sprintf("; %d came with a key that had come before, of which the last one counts", f.Repeated)
	}
	return text
}

// Repeated returns the number of rows with a key that had come before in this sync.
func (a *Audience) Repeated() int { return a.stream.Repeated() }

// Finish notes in the snapshot that the sync has ended well.
func (a *Audience) Finish(p Policy, s Status) {
	a.stream.Finish(!a.refresh.whole || a.refresh.complete(p, s))
}
