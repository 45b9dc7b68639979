package manifest

import (
	"crypto/sha256"
	"encoding/hex"
)

// Digest is the sum of the SHA-256 digests of names, modulo 2^256. It does not depend on their
// order, as requests are in flight concurrently, takes no memory for each name, and differs if one
// is missing or added twice. The zero value is the digest of no names.
type Digest [sha256.Size]byte

// Add adds a name.
func (d *Digest) Add(name string) {
	sum, carry := sha256.Sum256([]byte(name)), 0
	for i := len(d) - 1; i >= 0; i-- {
		carry += int(d[i]) + int(sum[i])
		d[i] = byte(carry)
		carry >>= 8
	}
}

// Remove takes out a name that was added.
func (d *Digest) Remove(name string) {
	sum, borrow := sha256.Sum256([]byte(name)), 0
	for i := len(d) - 1; i >= 0; i-- {
		borrow += int(d[i]) - int(sum[i])
		d[i] = byte(borrow)
		borrow >>= 8
	}
}

// String returns 64 hexadecimal digits.
func (d Digest) String() string { return hex.EncodeToString(d[:]) }
