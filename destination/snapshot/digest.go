package snapshot

import (
	"crypto/sha256"

	"destination-webhook/destination/canonical"
)

// Digest stands for the key and the content of a row: half of a SHA-256 over both. It is a
// cryptographic hash because rows come from anywhere: nobody may craft a change that goes unseen.
type Digest [16]byte

// Values that take the place of a digest. No row has one of them, as far as SHA-256 goes.
var (
	// uncertainAdded and uncertainChanged are rows whose request was begun and whose outcome is not
	// known.
	uncertainAdded   = Digest{}         // the endpoint has the row or nothing
	uncertainChanged = Digest{15: 0xff} // the endpoint has the row, in a version that is not known
	// tombstone is a row that is removed.
	tombstone = Digest{15: 1}
)

func (d Digest) uncertain() bool { return d == uncertainAdded || d == uncertainChanged }

// Digester computes digests. It is for one goroutine, as it reuses its buffer.
type Digester struct {
	form canonical.Canonicalizer
	buf  []byte
}

// Of returns the digest of a key and of the canonical form of row, a JSON object. It is never zero.
func (d *Digester) Of(key, row []byte) (Digest, error) {
	form, err := d.form.AppendForm(d.buf[:0], row)
	if err != nil {
		return Digest{}, err
	}
	form = append(form, key...) // the form shows where it ends and the key begins
	d.buf = form
	sum := sha256.Sum256(form)
	return Digest(sum[:16]), nil
}
