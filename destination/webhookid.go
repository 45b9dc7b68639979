package destination

import (
	"encoding/hex"
	"io"

	"github.com/zeebo/blake3"
)

// webhookID names a request by what it is: a digest of method, URL, stream, sync mode and the uncompressed body. Every
// attempt has the same one, and so has the same batch sent again by a later sync, so that a receiver can tell it has
// seen it. BLAKE3 because it is the fastest digest for which nobody can craft two batches of one name; a receiver never
// needs to compute it.
func webhookID(r *route, body []byte) string {
	h := blake3.New()
	for _, part := range []string{r.method, r.url, r.namespace, r.name, string(r.mode)} {
		_, _ = io.WriteString(h, part+"\x00") // none of them can hold a zero byte and mean something
	}
	_, _ = h.Write(body)
	var sum [16]byte
	_, _ = h.Digest().Read(sum[:])
	return "msg_" + hex.EncodeToString(sum[:])
}
