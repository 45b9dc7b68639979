package audience

import (
	"destination-webhook/destination/config"
	"destination-webhook/destination/payload"
	"destination-webhook/destination/snapshot"
)

// Diff finds what a record changes; see payload.Differ.
func (a *Audience) Diff(k payload.Key, data []byte, deleted bool, version []byte) (payload.Change, error) {
	if a.refresh.finished {
		a.refresh.finished = false
		a.stream.Restart()
	}
	key, err := a.spelling(k, !deleted)
	if err != nil {
		return payload.Change{}, err
	}
	found, v, err := a.compare(key, data, deleted)
	a.found[found]++
	c := payload.Change{Operation: payload.Skipped, Key: key, Version: v.Append(version)}
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

// LooksAhead reports whether records are compared faster if LookAhead is told of their keys.
func (a *Audience) LooksAhead() bool { return a.stream.LooksAhead() }

// LookAhead begins to read what the snapshot has of keys; see snapshot.Stream.LookAhead.
func (a *Audience) LookAhead(keys []payload.Key) (release func()) {
	wanted := make([]snapshot.Key, len(keys))
	for i, k := range keys {
		wanted[i] = snapshot.Key(k)
	}
	return a.stream.LookAhead(wanted)
}

// See notes that the source has a row of a key, which is not sent; see payload.Differ.
func (a *Audience) See(k payload.Key) error {
	key, err := a.spelling(k, false)
	if err != nil {
		return err
	}
	return a.named(a.stream.See(key))
}

// spelling returns the key by which the endpoint has, or may get, what a key names; see
// snapshot.Stream.Spelling.
func (a *Audience) spelling(k payload.Key, added bool) ([]byte, error) {
	if len(k.Identity) == 0 {
		return k.Sent, nil
	}
	key, err := a.stream.Spelling(k.Sent, k.Identity, added)
	return key, a.named(err)
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
