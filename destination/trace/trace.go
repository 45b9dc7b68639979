// Package trace is W3C Trace Context: which trace a sync belongs to, and the headers by which an
// endpoint's traces join it. It knows neither requests nor where spans go.
package trace

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	random "math/rand/v2"
	"net/http"
	"strings"

	"golang.org/x/net/http/httpguts"
)

// ID names a trace; all zeros names none.
type ID [16]byte

// SpanID names a span in a trace; all zeros names none.
type SpanID [8]byte

func (i ID) String() string     { return hex.EncodeToString(i[:]) }
func (i SpanID) String() string { return hex.EncodeToString(i[:]) }

// NewSpanID returns a random id. It is no secret, so it comes from the generator that costs no
// system call.
func NewSpanID() (id SpanID) {
	for id == (SpanID{}) {
		binary.NativeEndian.PutUint64(id[:], random.Uint64())
	}
	return id
}

// Context is the trace that a sync belongs to.
type Context struct {
	ID     ID
	Parent SpanID // of the span that the sync is part of; zero if the trace begins with the sync
	flags  byte
	state  string // of other vendors, passed on
}

// The headers, as net/http spells them.
const (
	Parent = "Traceparent"
	State  = "Tracestate"
)

// sampled says that the trace may be recorded. An endpoint that follows its caller would record
// nothing of a new trace without it.
const sampled = 1

// FromEnvironment returns the trace that TRACEPARENT names, with TRACESTATE, or else a new one.
func FromEnvironment(getenv func(string) string) Context {
	if c, ok := parse(strings.TrimSpace(getenv("TRACEPARENT"))); ok {
		if state := getenv("TRACESTATE"); len(state) <= maxState && httpguts.ValidHeaderFieldValue(state) {
			c.state = state
		}
		return c
	}
	c := Context{flags: sampled}
	_, _ = rand.Read(c.ID[:]) // never fails
	return c
}

// maxState is how many characters the recommendation wants passed on at least.
const maxState = 512

// length is that of a traceparent.
const length = len("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")

// parse reads a traceparent: version, trace, span and flags, in lower-case hexadecimal digits. What
// follows them in a version that is not known yet is not read.
func parse(text string) (c Context, ok bool) {
	if len(text) < length || len(text) > length && (text[:2] == "00" || text[length] != '-') {
		return c, false
	}
	parts := strings.Split(text[:length], "-")
	if len(parts) != 4 || strings.ToLower(text) != text || parts[0] == "ff" {
		return c, false
	}
	var version, flags [1]byte
	valid := fill(version[:], parts[0]) && fill(c.ID[:], parts[1]) && fill(c.Parent[:], parts[2]) && fill(flags[:], parts[3])
	c.flags = flags[0] & sampled // the others are for versions that are not known
	return c, valid && c.ID != ID{} && c.Parent != SpanID{}
}

// fill decodes digits that fill dst exactly.
func fill(dst []byte, digits string) bool {
	if len(digits) != hex.EncodedLen(len(dst)) {
		return false
	}
	_, err := hex.Decode(dst, []byte(digits))
	return err == nil
}

// Sampled reports whether whoever began the trace records it.
func (c *Context) Sampled() bool { return c.flags&sampled != 0 }

// Mark names a new span in a request's header, unless the user's own header does so.
func (c *Context) Mark(h http.Header) {
	if len(h[Parent]) > 0 {
		return
	}
	h[Parent] = []string{c.parent(NewSpanID())}
	if c.state != "" && len(h[State]) == 0 {
		h[State] = []string{c.state}
	}
}

// parent returns the traceparent of a span.
func (c *Context) parent(span SpanID) string {
	text := make([]byte, 0, length)
	text = hex.AppendEncode(append(text, "00-"...), c.ID[:])
	text = hex.AppendEncode(append(text, '-'), span[:])
	return string(hex.AppendEncode(append(text, '-'), []byte{c.flags}))
}

// SpanOf returns the span that a request's header names in the trace; zero if it names none.
func (c *Context) SpanOf(h http.Header) SpanID {
	if values := h[Parent]; len(values) == 1 {
		if other, ok := parse(values[0]); ok && other.ID == c.ID {
			return other.Parent
		}
	}
	return SpanID{}
}
