package audience

import (
	"context"
	"encoding/binary"
	"fmt"

	"destination-webhook/batching"
	"destination-webhook/destination/payload"
	"destination-webhook/destination/snapshot"
)

// Begin notes durably that the rows of a batch are about to be sent.
func (a *Audience) Begin(ctx context.Context, b *batching.Batch) (*Confirmation, error) {
	c := &Confirmation{audience: a, places: make(map[int]int, b.Rows())}
	for i := range b.Rows() {
		m := payload.ReadMetadata(b.Metadata(i))
		if len(m.Version) == 0 {
			continue // it has no key
		}
		version, err := snapshot.ParseVersion(m.Version)
		if err != nil {
			return nil, a.named(err)
		}
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

// Replaced returns what some rows of a batch replace, for a Webhook-Id; nil for a stream that is
// not compared.
func (a *Audience) Replaced(b *batching.Batch, rows []int) []byte {
	if a == nil {
		return nil
	}
	replaced := binary.BigEndian.AppendUint64(make([]byte, 0, 8+4*len(rows)), a.stream.Salt())
	for _, row := range rows {
		version, err := snapshot.ParseVersion(payload.ReadMetadata(b.Metadata(row)).Version)
		if err == nil { // each row that is sent has a key, and so a version
			replaced = version.AppendReplaced(replaced)
		}
	}
	return replaced
}
