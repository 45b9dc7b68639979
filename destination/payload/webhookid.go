package payload

import (
	"encoding/binary"
	"encoding/hex"
	"strconv"
	"sync"

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
}

// content is a digest of all that a receiver can see of a request. BLAKE3 is the fastest digest for
// which nobody can craft two batches of one name; a receiver never computes it.
type content [32]byte

// hashers are kept: one takes 10 kB.
var hashers = sync.Pool{New: func() any { return blake3.New() }}

// maxSingle is how much one call of BLAKE3 takes that needs no hasher, in bytes.
const maxSingle = 1024

// digest returns the digest of two texts, one after the other.
func digest(first, second []byte) (sum [32]byte) {
	if len(first)+len(second) <= maxSingle {
		text := append(make([]byte, 0, maxSingle), first...)
		return blake3.Sum256(append(text, second...))
	}
	h := hashers.Get().(*blake3.Hasher)
	defer hashers.Put(h)
	h.Reset()
	_, _ = h.Write(first)
	_, _ = h.Write(second)
	h.Sum(sum[:0])
	return sum
}

func (i *Identity) content(body []byte) content {
	parts := make([]byte, 0, 256)
	for _, part := range [...]string{i.Method, i.URL, i.Stream.Namespace, i.Stream.Name, string(i.Mode)} {
		// The length is there so that no two lists of parts are one text.
		parts = strconv.AppendInt(parts, int64(len(part)), 10)
		parts = append(append(parts, ' '), part...)
	}
	return digest(parts, body)
}

// idLength is how much of a digest is in a name, in bytes.
const idLength = 16

// name names a request by its content and by the event that it reports: equal content may be sent
// for different ones.
func (c content) name(event []byte) string {
	sum := digest(c[:], event)
	id := [...]byte{'m', 's', 'g', '_', 4 + 2*idLength - 1: 0}
	hex.Encode(id[4:], sum[:idLength])
	return string(id[:])
}

// WebhookID names a request by its content alone.
func (i *Identity) WebhookID(body []byte) string { return i.content(body).name(nil) }

// RepetitionID names a request with content for which the endpoint has asked once more in its
// answer: it may remember the name that the content had.
func (i *Identity) RepetitionID(body []byte) string { return i.content(body).name([]byte{1}) }

// Names gives the requests of a stream their ids. It is safe for concurrent use.
type Names struct {
	identity    Identity
	wrapping    *wrapping // nil: no body shows its id
	sync        string
	occurrences *Occurrences
}

// NewNames makes the names of a stream's requests. sync identifies the sync: all of its attempts,
// and no other sync, have it. occurrences counts the content that the sync has sent.
func NewNames(r *route.Route, sync string, occurrences *Occurrences) *Names {
	n := &Names{identity: Identity{Stream: r.Stream, Mode: r.Mode}, sync: sync, occurrences: occurrences}
	if r.Payload.Format == config.Wrapped {
		n.wrapping = newWrapping(r.Payload.Wrapper, r.Mode, r.Stream)
	}
	return n
}

// WebhookID names a request by its method, its URL and its body, and writes the name into the body
// if a wrapper asks for that: the name covers the body with zeros in its place. Every attempt has
// the same name, and so has the same batch sent again by a resumed sync, as far as that can be
// known, so that a receiver can tell that it has seen it. No other request has that name: a
// receiver may obey it.
//
// An equal body may be another event: a row that changes, changes back and changes again is sent
// three times. So the name also covers replaced, which says what the rows replace, see
// snapshot.Version; or, for a stream that is not compared, for which replaced is nil, the identity
// of the sync and how often it has sent the content before. rejected is how rows that are sent once
// more were rejected, which is another event than their first sending; nil if there are none.
// repetition counts, from 1, the requests for which the endpoint asked in the answer to another
// one, which it may remember; it is 0 for all others.
func (n *Names) WebhookID(method, url string, body, replaced, rejected []byte, repetition int) string {
	identity := n.identity
	identity.Method, identity.URL = method, url
	event := append(binary.AppendUvarint(make([]byte, 0, 64), uint64(repetition)), rejected...)
	if n.wrapping == nil || len(body) == 0 {
		return n.name(&identity, body, replaced, event)
	}
	n.wrapping.fill(body, noID)
	id := n.name(&identity, body, replaced, event)
	n.wrapping.fill(body, id)
	return id
}

// Show writes the name of a request into a body that shows a part of its rows.
func (n *Names) Show(body []byte, id string) {
	if n.wrapping != nil {
		n.wrapping.fill(body, id)
	}
}

func (n *Names) name(identity *Identity, body, replaced, event []byte) string {
	c := identity.content(body)
	if replaced != nil {
		return c.name(append(append(event, "replaces"...), replaced...))
	}
	event = append(event, n.sync...)
	return c.name(binary.AppendUvarint(append(event, 0), n.occurrences.count(c)))
}
