package payload

import (
	"destination-webhook/destination/route"
	"destination-webhook/protocol"
)

// Keys reads the primary keys of a stream's records. One goroutine uses it.
type Keys struct {
	reader keyReader
	lookup *protocol.Lookup
	values [][]byte
}

// NewKeys makes a reader of a stream's keys.
func NewKeys(r *route.Route) *Keys {
	return &Keys{reader: keyReader{route: r}, lookup: protocol.NewLookup(r.Key...)}
}

// OfRecord is Of for a record in whose data a decoder may have found the key.
func (k *Keys) OfRecord(r *protocol.Record) Key {
	if r.Fields == nil {
		return k.Of(r.Data)
	}
	key, _ := k.reader.read(r.Fields)
	return key
}

// Of returns the primary key of a record, the zero Key if it has none. It is valid until the next
// one.
func (k *Keys) Of(data []byte) (key Key) {
	if len(k.reader.route.Key) > 0 {
		k.values = k.lookup.Find(data, k.values)
		key, _ = k.reader.read(k.values)
	}
	return key
}
