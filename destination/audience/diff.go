package audience

import (
	"bytes"

	"destination-webhook/destination/config"
	"destination-webhook/destination/payload"
	"destination-webhook/destination/snapshot"
)

// Diff finds what a record changes; see payload.Differ.
func (a *Audience) Diff(k payload.Key, content payload.Content, deleted bool, version []byte) (payload.Change, error) {
	if a.refresh.finished {
		a.refresh.finished = false
		a.stream.Restart()
	}
	key, err := a.spelling(k, !deleted)
	if err != nil {
		return payload.Change{}, err
	}
	if !bytes.Equal(key, k.Sent) {
		content.Digest = payload.Digest{} // the digest is of the key as it came
	}
	found, v, err := a.compare(key, content, deleted)
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

func (a *Audience) compare(key []byte, content payload.Content, deleted bool) (snapshot.Change, snapshot.Version, error) {
	switch {
	case !deleted && content.Digest != payload.Digest{}:
		return a.stream.DiffDigest(key, snapshot.Digest(content.Digest))
	case !deleted:
		return a.stream.Diff(key, content.Data)
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
