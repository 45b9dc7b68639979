package snapshot

import "sync"

// Key is a primary key as it is sent, and in the form that all ways to write it have; see
// Stream.Spelling. Identity is empty if there is only one way.
type Key struct{ Sent, Identity []byte }

// LooksAhead reports whether rows are compared faster if their keys are given to LookAhead before.
func (st *Stream) LooksAhead() bool { return st.store.tables != nil }

// LookAhead begins to read what the snapshot has of keys, which will be asked for soon: by one
// query instead of one for each. It is safe for concurrent use, and keeps no reference to the keys.
// The caller calls release once the keys have been asked for.
func (st *Stream) LookAhead(keys []Key) (release func()) {
	graves, spelled := st.tombstones.Load(), st.spellings.any.Load()
	var wanted [][]byte
	want := func(prefix byte, key []byte) { wanted = append(wanted, appendKey(nil, prefix, st.meta.ID, key)) }
	entry := func(key []byte) {
		want(entryPrefix, key)
		if graves {
			want(gravePrefix, key)
		}
	}
	for _, k := range keys {
		entry(k.Sent)
		if len(k.Identity) == 0 {
			continue
		}
		if string(k.Identity) != string(k.Sent) {
			entry(k.Identity)
		}
		if spelled {
			want(spellPrefix, k.Identity)
		}
	}
	return st.store.tables.lookAhead(wanted)
}

// chunk is what was looked up ahead.
type chunk struct {
	keys  map[string]struct{}
	ready chan struct{} // closed once found and err are set
	found fetched
	err   error

	mu      sync.Mutex
	changed fetched // by commits since the lookup began
}

func (d *tables) lookAhead(keys [][]byte) (release func()) {
	c := &chunk{keys: make(map[string]struct{}, len(keys)), ready: make(chan struct{})}
	unique := keys[:0]
	for _, key := range keys {
		if _, known := c.keys[string(key)]; !known {
			c.keys[string(key)] = struct{}{}
			unique = append(unique, key)
		}
	}
	d.mu.Lock()
	d.chunks = append(d.chunks, c)
	d.mu.Unlock()
	go func() {
		defer close(c.ready)
		c.found, c.err = d.fetch(unique)
	}()
	return func() { d.drop(c) }
}

func (d *tables) drop(c *chunk) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for i := range d.chunks {
		if d.chunks[i] == c {
			d.chunks = append(d.chunks[:i], d.chunks[i+1:]...)
			return
		}
	}
}

// chunkOf returns the chunk that has a key, nil if none does. The caller holds the lock.
func (d *tables) chunkOf(key []byte) *chunk {
	for _, c := range d.chunks {
		if _, has := c.keys[string(key)]; has {
			return c
		}
	}
	return nil
}

// get waits for the value of a key that the chunk has; it is nil if there is none.
func (c *chunk) get(key []byte) ([]byte, error) {
	<-c.ready
	if c.err != nil {
		return nil, c.err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if value, changed := c.changed[string(key)]; changed {
		return value, nil
	}
	return c.found[string(key)], nil
}

// update takes over what was committed.
func (c *chunk) update(written map[string][]byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for key, value := range written {
		if _, has := c.keys[key]; !has {
			continue
		}
		if c.changed == nil {
			c.changed = fetched{}
		}
		c.changed[key] = value
	}
}
