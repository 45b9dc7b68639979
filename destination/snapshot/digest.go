package snapshot

import (
	"crypto/sha256"
)

// Digest stands for the content of a row: half of a SHA-256 over its canonical form. It is a cryptographic
// hash because rows come from anywhere: nobody may craft one whose change goes unseen.
type Digest [16]byte

// Rows in doubt have one of these in the place of a digest: a request that carried them was begun and its
// end is not known. No row's digest is ever equal to them, as far as SHA-256 goes.
var (
	doubtAdded   = Digest{}         // the endpoint may have the row, or nothing of it
	doubtChanged = Digest{15: 0xff} // the endpoint has the row, in which version is not known
)

func (d Digest) inDoubt() bool { return d == doubtAdded || d == doubtChanged }

// digest hashes the canonical form of row, a JSON object.
func (c *canon) digest(row []byte) (Digest, error) {
	form, err := c.form(row)
	if err != nil {
		return Digest{}, err
	}
	sum := sha256.Sum256(form)
	return Digest(sum[:16]), nil
}
