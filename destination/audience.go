package destination

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"

	"destination-webhook/batching"
	"destination-webhook/destination/snapshot"
	"destination-webhook/protocol"
)

// audience is what the endpoint of one stream has, by all that it has confirmed, and so tells what a record changes about
// it. The owner of the sync asks, the senders confirm.
type audience struct {
	*snapshot.Stream
	mode    Mode
	replace bool // the sync reads all rows, so that those it does not see have left

	mark     snapshot.Mark // of the last record
	records  int64         // seen in this sync
	left     int           // rows that left, and
	before   int           // rows that there were, once counted
	complete bool          // the source has sent the whole stream

	mu      sync.Mutex
	refused map[string]bool // keys of which the endpoint rejected a row
}

// openAudiences gives every route that sends differences its audience.
func openAudiences(ctx context.Context, store *snapshot.Store, rs *routes, catalog *protocol.Catalog, warn func(string, ...any)) error {
	for i, r := range rs.all {
		if r.mode == Insert {
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
			replace: s.SyncMode == "full_refresh" || s.Replaces(),
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

// change is what a record means to the audience: an operation, and whether the mode sends it. skip is for one that changes
// nothing.
func (a *audience) change(key, data []byte, deleted bool) (operation string, silent bool, err error) {
	var change snapshot.Change
	if deleted {
		change, a.mark, err = a.Remove(key)
	} else {
		change, a.mark, err = a.Diff(key, data)
	}
	switch change {
	case snapshot.Added:
		return "added", a.mode == Remove, err
	case snapshot.Changed:
		return "changed", a.mode == Add || a.mode == Remove, err
	case snapshot.Removed:
		return "removed", !a.removes(deleted), err
	}
	return skip, false, err
}

// removes says whether the mode sends removed rows. An upsert sends those that the source itself marks as deleted.
func (a *audience) removes(marked bool) bool {
	return a.mode == Remove || a.mode == Mirror || a.mode == Upsert && marked
}

// begin notes the rows of a batch as about to be sent. The rows' places are those of the batch, but for the unfit.
func (a *audience) begin(ctx context.Context, b *batching.Batch) (*confirmation, error) {
	c := &confirmation{audience: a, places: make(map[int]int, b.Rows())}
	for i := range b.Rows() {
		note := b.Note(i)
		if len(note) == 0 || note[0] != marked {
			continue
		}
		mark, _ := snapshot.ParseMark(note[1:])
		fields := rowFields.Find(b.Row(i), nil)
		c.places[i] = len(c.rows)
		c.rows = append(c.rows, snapshot.Row{Key: fields[1], Data: fields[0], Mark: mark})
	}
	var err error
	c.batch, err = a.Begin(ctx, c.rows)
	return c, err
}

// confirmation is a batch between its first request and its outcome.
type confirmation struct {
	*audience
	batch  *snapshot.Batch
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
	return c.batch.Settle()
}

// A note of a row is a mark behind the byte marked, if there is one, and the JSON of its dead letter.
const marked = 'm'

// removals goes over the rows that left.
type removals struct {
	stream int
	next   func() (snapshot.Row, error, bool)
	stop   func()
	row    batching.Row
}

// minRemoved is how many rows may always be removed.
const minRemoved = 100

// guard refuses to remove so many rows that it looks like a mistake: the source was empty, or a filter is wrong.
func (a *audience) guard(c *Config, title string) error {
	if c.AllowMassRemoval || a.left == 0 {
		return nil
	}
	much := a.left > minRemoved && float64(a.left)*100 > c.MaxRemovedPercent*float64(a.before)
	if !much && a.records > 0 {
		return nil
	}
	return configError(fmt.Errorf("stream %s: %d of %d rows would be removed, and none was: look whether the source is complete; if they really have left, set allow_mass_removal for one sync, or raise max_removed_percent (now %v)",
		title, a.left, a.before, c.MaxRemovedPercent))
}

// sweep prepares the removals of the next stream that may have some; nil where there is none.
func (r *run) sweep() (*removals, error) {
	for r.swept < len(r.routes.all) {
		i := r.swept
		r.swept++
		route := r.routes.all[i]
		a := route.audience
		if a == nil || !a.replace || !a.complete && !r.config.RemovalsWithoutComplete {
			continue
		}
		var err error
		a.left, a.before, err = a.CountLeft()
		if errors.Is(err, snapshot.ErrTorn) { // all rows are delivered, and a failed sync would be repeated to no avail
			r.progress.log.Warn(fmt.Sprintf("stream %s: %v", route.title(), snapshot.ErrTorn))
			continue
		}
		if err == nil {
			err = a.guard(r.config, route.title())
		}
		if err != nil {
			return nil, err
		}
		if a.left == 0 {
			continue
		}
		if !a.removes(false) {
			if err := forget(a); err != nil {
				return nil, err
			}
			continue
		}
		next, stop := iter.Pull2(a.Left())
		return &removals{stream: i, next: next, stop: stop, row: batching.Row{Open: []byte(`{"data":`)}}, nil
	}
	return nil, nil
}

// forget takes the rows that left out of the snapshot, in a mode that does not send them.
func forget(a *audience) error {
	var rows []snapshot.Row
	for row, err := range a.Left() {
		if err != nil {
			return err
		}
		if rows = append(rows, row); len(rows) == 1000 {
			if err := a.Commit(rows); err != nil {
				return err
			}
			rows = rows[:0]
		}
	}
	return a.Commit(rows)
}

// remove adds rows that left to the pipeline, until there are no more or the house is full.
func (r *run) remove() error {
	for r.leaving != nil && !r.pipeline.Full() {
		left, err, more := r.leaving.next()
		if err != nil {
			return err
		}
		if !more {
			r.leaving.stop()
			r.leaving = nil
			return nil
		}
		row := &r.leaving.row
		if row.Data = left.Data; row.Data == nil {
			row.Data = []byte("{}") // the snapshot keeps no rows: the key has to do
		}
		row.Close = append(append(append(row.Close[:0], `,"operation":"removed","primary_key":`...), left.Key...), '}')
		row.Note = left.Mark.Append(append(row.Note[:0], marked))
		row.Key = r.encoders[r.leaving.stream].hash(left.Key)
		r.pipeline.Add(r.streams[r.leaving.stream], row, r.now)
	}
	return nil
}
