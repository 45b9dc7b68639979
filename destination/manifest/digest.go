package manifest

import (
	"crypto/sha256"
	"encoding/hex"
	"math/big"
)

// Digest is the sum of the SHA-256 digests of names, modulo 2^256. It does not depend on their
// order, as requests are in flight concurrently, takes no memory for each name, and differs if one
// is missing or added twice. The zero value is the digest of no names.
type Digest struct{ sum big.Int }

// modulus is 2^256.
var modulus = new(big.Int).Lsh(big.NewInt(1), 256)

// Add adds a name.
func (d *Digest) Add(name string) { d.sum.Add(&d.sum, number(name)).Mod(&d.sum, modulus) }

// Remove takes out a name that was added.
func (d *Digest) Remove(name string) { d.sum.Sub(&d.sum, number(name)).Mod(&d.sum, modulus) }

func number(name string) *big.Int {
	sum := sha256.Sum256([]byte(name))
	return new(big.Int).SetBytes(sum[:])
}

// String returns 64 hexadecimal digits.
func (d *Digest) String() string {
	var b [sha256.Size]byte
	return hex.EncodeToString(d.sum.FillBytes(b[:]))
}
