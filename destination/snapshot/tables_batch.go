package snapshot

import (
	"io"

	"github.com/cockroachdb/pebble/v2"

	"destination-webhook/destination/postgres"
)

// tableBatch is a number of writes to tables.
type tableBatch struct {
	from   *tables
	read   fetched // beforehand
	writes map[string][]byte
	erased []postgres.Keys
	size   int
}

// Get returns what the batch writes, and otherwise what is in the tables.
func (b *tableBatch) Get(key []byte) ([]byte, io.Closer, error) {
	value, known := b.writes[string(key)]
	if !known {
		if own, kept, err := b.from.own(key); kept {
			return own, nothing{}, err
		}
		value, known = b.read[string(key)]
	}
	switch {
	case !known:
		return b.from.Get(key)
	case value == nil:
		return nil, nothing{}, pebble.ErrNotFound
	}
	return value, nothing{}, nil
}

// Set copies key and value.
func (b *tableBatch) Set(key, value []byte, _ *pebble.WriteOptions) error {
	b.put(key, append([]byte{}, value...))
	return nil
}

// Delete copies the key.
func (b *tableBatch) Delete(key []byte, _ *pebble.WriteOptions) error {
	b.put(key, nil)
	return nil
}

func (b *tableBatch) put(key, value []byte) {
	if b.writes == nil {
		b.writes = map[string][]byte{}
	}
	b.writes[string(key)] = value
	b.size += len(key) + len(value)
}

// DeleteRange deletes all of a stream in a table.
func (b *tableBatch) DeleteRange(from, _ []byte, _ *pebble.WriteOptions) error {
	k, _, _ := splitKey(from)
	b.erased = append(b.erased, k)
	return nil
}

// Len returns the size of the writes, in bytes.
func (b *tableBatch) Len() int { return b.size }

// Close does nothing.
func (b *tableBatch) Close() error { return nil }
