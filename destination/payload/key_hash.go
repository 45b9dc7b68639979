package payload

import (
	"crypto/sha256"
	"encoding/binary"

	"github.com/dchest/siphash"
)

// KeyHash hashes primary keys, to keep rows of one key in order and to part batches by key. It
// gives a key the same hash in each sync, so that a resumed sync makes the same batches; and since
// it is SipHash with a key of its own, whoever chooses the primary keys of rows cannot choose their
// hashes, and crowd all of them into one batch.
type KeyHash struct{ k0, k1 uint64 }

// NewKeyHash returns the hash of an endpoint: secrets are what its config keeps from others, none
// of which the hash reveals.
func NewKeyHash(secrets ...string) KeyHash {
	h := sha256.New()
	for _, s := range secrets {
		sum := sha256.Sum256([]byte(s))
		h.Write(sum[:])
	}
	sum := h.Sum([]byte{})
	return KeyHash{binary.LittleEndian.Uint64(sum), binary.LittleEndian.Uint64(sum[8:])}
}

// Of returns the hash of a key, never 0: that is a row without one; see batching.Row.
func (h KeyHash) Of(key []byte) uint64 { return max(1, siphash.Hash(h.k0, h.k1, key)) }
