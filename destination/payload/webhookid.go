package payload

import (
	"encoding/hex"
	"io"
	"strconv"

	"github.com/zeebo/blake3"

	"destination-webhook/destination/config"
	"destination-webhook/destination/route"
	"destination-webhook/protocol"
)

// Identity is what makes a request another one, besides its body.
type Identity struct {
	Method, URL string
	Stream      protocol.StreamDescriptor
	Mode        config.SyncMode
	Epoch       *uint64 // of the snapshot; nil without one
}

// IdentityOf returns the identity of a stream's requests. epoch is nil without a snapshot.
func IdentityOf(r *route.Route, epoch *uint64) *Identity {
	return &Identity{Method: r.Method, URL: r.URL, Stream: r.Stream, Mode: r.Mode, Epoch: epoch}
}

// WebhookID names a request by what it is: a digest of method, URL, stream, sync mode and the
// uncompressed body. Every attempt has the same one, and so has the same batch sent again by a
// later sync, so that a receiver can tell that it has seen it. BLAKE3 is the fastest digest for
// which nobody can craft two batches of one name; a receiver never computes it.
//
// With a snapshot an equal body may be another event: a row that changes, changes back and changes
// again is sent three times, and a receiver that took the third for the first again would end with
// the wrong row. So with a snapshot the name also has its epoch, which advances with each sync that
// ends well: a retry and a resumed sync are within one.
func (i *Identity) WebhookID(body []byte) string {
	h := blake3.New()
	for _, part := range []string{i.Method, i.URL, i.Stream.Namespace, i.Stream.Name, string(i.Mode)} {
		_, _ = io.WriteString(h, part+"\x00") // none of them can hold a zero byte and mean something
	}
	if i.Epoch != nil {
		_, _ = io.WriteString(h, strconv.FormatUint(*i.Epoch, 10)+"\x00")
	}
	_, _ = h.Write(body)
	var sum [16]byte
	_, _ = h.Digest().Read(sum[:])
	return "msg_" + hex.EncodeToString(sum[:])
}
