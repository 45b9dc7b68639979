package batching

// keyOrder keeps rows of one key in order while batches of their stream are in flight together: a
// batch waits until those before it that share a key with it are settled. The zero value is ready.
// That few batches do so is partition's work.
type keyOrder struct {
	last map[uint64]*Batch // the last closed batch that holds the key, until it is settled
	open int               // closed batches that are not settled
}

// enter records a closed batch; it may be sent once its blockers are gone.
func (o *keyOrder) enter(b *Batch) {
	if o.last == nil {
		o.last = make(map[uint64]*Batch, len(b.keys))
	}
	o.open++
	for _, key := range b.keys {
		if before := o.last[key]; before != b && key != 0 {
			if before != nil {
				before.block(b)
			}
			o.last[key] = b
		}
	}
}

// block makes a batch wait for b.
func (b *Batch) block(later *Batch) {
	if n := len(b.followers); n > 0 && b.followers[n-1] == later {
		return
	}
	b.followers = append(b.followers, later)
	later.blockers++
}

// leave records a settled batch and calls ready for each that waited for nothing else.
func (o *keyOrder) leave(b *Batch, ready func(*Batch)) {
	if o.open--; o.open == 0 {
		clear(o.last)
	} else {
		for _, key := range b.keys {
			if o.last[key] == b {
				delete(o.last, key)
			}
		}
	}
	for _, later := range b.followers {
		if later.blockers--; later.blockers == 0 {
			ready(later)
		}
	}
}
