package destination

import (
	"encoding/hex"
	"io"
	"strconv"

	"github.com/zeebo/blake3"
)

// webhookID names a request by what it is: a digest of method, URL, stream, sync mode and the uncompressed body. Every
// attempt has the same one, and so has the same batch sent again by a later sync, so that a receiver can tell it has
// seen it. BLAKE3 because it is the fastest digest for which nobody can craft two batches of one name; a receiver never
// needs to compute it.
//
// With a snapshot an equal body may be another event: a row that changes, changes back and changes again is sent three times,
// and a receiver that took the third for the first again would end with the wrong row. So there the name also has the
// snapshot's epoch, which advances with each sync that ends well: a retry and a resumed sync are within one.
func webhookID(r *route, body []byte) string {
	h := blake3.New()
	for _, part := range []string{r.method, r.url, r.namespace, r.name, string(r.mode)} {
		_, _ = io.WriteString(h, part+"\x00") // none of them can hold a zero byte and mean something
	}
	if r.audience != nil {
		_, _ = io.WriteString(h, strconv.FormatUint(r.audience.Epoch(), 10)+"\x00")
	}
	_, _ = h.Write(body)
	var sum [16]byte
	_, _ = h.Digest().Read(sum[:])
	return "msg_" + hex.EncodeToString(sum[:])
}
