package audience

import (
	"slices"

	"destination-webhook/destination/payload"
	"destination-webhook/destination/snapshot"
	"destination-webhook/protocol"
)

// Ahead does what can be done for a block of records before Diff gets them, without the order in
// which the rows of a key follow each other: it computes their digests, and begins to look up
// their keys if the snapshot is on another machine. One goroutine uses it, which need not be the
// one that calls Diff.
type Ahead struct {
	audience *Audience
	keys     *payload.Keys
	digester *snapshot.Digester // nil: something else than the records themselves is compared
	looks    bool
	wanted   []snapshot.Key
}

// LooksAhead reports whether records are compared faster if their keys are looked up ahead, also on
// one core.
func (a *Audience) LooksAhead() bool { return a.stream.LooksAhead() }

// NewAhead is safe for concurrent use.
func (a *Audience) NewAhead() *Ahead {
	h := &Ahead{audience: a, keys: payload.NewKeys(a.route), looks: a.LooksAhead()}
	if a.route.Payload.Transform == "" {
		h.digester = &snapshot.Digester{}
	}
	return h
}

// Add returns the digest of a record, for payload.Content, and notes its key for LookUp.
func (h *Ahead) Add(r *protocol.Record) (digest payload.Digest) {
	key := h.keys.OfRecord(r)
	if len(key.Sent) == 0 {
		return digest
	}
	if h.looks {
		h.wanted = append(h.wanted, snapshot.Key{Sent: slices.Clone(key.Sent), Identity: slices.Clone(key.Identity)})
	}
	if h.digester != nil {
		d, _ := h.digester.Of(key.Sent, r.Data) // Diff computes it again, and reports the error
		digest = payload.Digest(d)
	}
	return digest
}

// LookUp begins to read what the snapshot has of the keys that were added since the last call. The
// caller calls release, if it is not nil, once the records have been compared.
func (h *Ahead) LookUp() (release func()) {
	if len(h.wanted) == 0 {
		return nil
	}
	release = h.audience.stream.LookAhead(h.wanted)
	h.wanted = nil
	return release
}
