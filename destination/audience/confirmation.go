package audience

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"slices"

	"destination-webhook/batching"
	"destination-webhook/destination/payload"
	"destination-webhook/destination/snapshot"
)

// Begin notes durably that the rows of a batch are about to be sent.
func (a *Audience) Begin(ctx context.Context, b *batching.Batch) (*Confirmation, error) {
	c := &Confirmation{audience: a}
	for i := range b.Rows() {
		m := payload.ReadMetadata(b.Metadata(i))
		if len(m.Version) == 0 {
			continue // it has no key
		}
		version, err := snapshot.ParseVersion(m.Version)
		if err != nil {
			return nil, a.named(err)
		}
		row := m.Row(b.Row(i))
		c.places = append(c.places, i)
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
	audience  *Audience
	batch     *snapshot.Batch // nil: nothing is sent
	rows      []snapshot.Row  // that are compared
	places    []int           // of each of them in the batch
	uncertain bool
}

// MarkUncertain notes that the endpoint may have taken rows in an attempt that failed. If it
// rejects some of them in a later one, nobody knows what it has.
func (c *Confirmation) MarkUncertain() { c.uncertain = true }

// Confirm takes over what the endpoint confirmed: all rows of the batch but the rejected ones. A
// suppressed row is not confirmed if the endpoint rejected the last row before it with the same
// key. Both lists are in order. Without Confirm the rows stay uncertain.
func (c *Confirmation) Confirm(rejected, suppressed []int) error {
	c.audience.mu.Lock()
	defer c.audience.mu.Unlock()
	refused := c.audience.refused
	for n, place := range c.places {
		row := &c.rows[n]
		if _, row.Rejected = slices.BinarySearch(rejected, place); row.Rejected {
			row.Uncertain = c.uncertain
			refused[string(row.Key)] = true
		} else if _, unsent := slices.BinarySearch(suppressed, place); unsent {
			row.Rejected = refused[string(row.Key)]
		} else if len(refused) > 0 {
			delete(refused, string(row.Key))
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
	replaced := a.salted(8 + 4*len(rows))
	for _, row := range rows {
		version, err := snapshot.ParseVersion(payload.ReadMetadata(b.Metadata(row)).Version)
		if err == nil { // each row that is sent has a key, and so a version
			replaced = version.AppendReplaced(replaced)
		}
	}
	return replaced
}

// salted begins what names states of keys in this snapshot alone.
func (a *Audience) salted(size int) []byte {
	return binary.BigEndian.AppendUint64(make([]byte, 0, size), a.stream.Salt())
}

// Before returns what the endpoint has of the key of a row of the batch before that row, for
// DeliveredSince; nil if the row is not compared. rejected says which rows the endpoint refused.
func (c *Confirmation) Before(row int, rejected func(row int) bool) ([]byte, error) {
	place, ok := slices.BinarySearch(c.places, row)
	if !ok {
		return nil, nil
	}
	key := c.rows[place].Key
	for i := place - 1; i >= 0; i-- {
		if bytes.Equal(c.rows[i].Key, key) && !rejected(c.places[i]) {
			return c.rows[i].Version.AppendContent(c.audience.salted(8 + 16)), nil
		}
	}
	content, _, err := c.audience.stream.AppendContent(c.audience.salted(8+16), key)
	return content, c.audience.named(err)
}

// DeliveredSince reports whether the endpoint got a row of a key, or its removal, since another row
// of it was rejected, before which it had what before says. known is false if that cannot be told:
// because before is empty and the endpoint has a row of the key, or because it may have got one.
func (a *Audience) DeliveredSince(k payload.Key, before []byte) (since, known bool, err error) {
	key, err := a.spelling(k, false)
	if err != nil {
		return false, false, err
	}
	content, certain, err := a.stream.AppendContent(a.salted(8+16), key)
	if err != nil {
		return false, false, a.named(err)
	}
	if len(before) == 0 {
		before = snapshot.Nothing.AppendContent(a.salted(8 + 16))
		return false, certain && bytes.Equal(content, before), nil
	}
	return !bytes.Equal(content, before), certain, nil
}
