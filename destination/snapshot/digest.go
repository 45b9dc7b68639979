package snapshot

import "crypto/sha256"

// Digest stands for the key and the content of a row: half of a SHA-256 over both. It is a cryptographic
// hash because rows come from anywhere: nobody may craft one whose change goes unseen.
type Digest [16]byte

// Rows in doubt have one of these in the place of a digest: a request that carried them was begun and its
// end is not known. No row's digest is ever equal to them, as far as SHA-256 goes.
var (
	doubtAdded   = Digest{}         // the endpoint may have the row, or nothing of it
	doubtChanged = Digest{15: 0xff} // the endpoint has the row, in which version is not known
)

func (d Digest) inDoubt() bool { return d == doubtAdded || d == doubtChanged }

// digest hashes a key and the canonical form of row, a JSON object.
func (c *canon) digest(key, row []byte) (Digest, error) {
	if err := c.read(row); err != nil {
		return Digest{}, err
	}
	c.out = append(c.out, key...) // the end of the form shows where the key begins
	sum := sha256.Sum256(c.out)
	return Digest(sum[:16]), nil
}
