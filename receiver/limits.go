package receiver

import (
	"net/http"
	"sync"
	"time"
)

// Bounds of what one sender can make a Receiver do.
const (
	maxWireOverhead = 64 << 10 // of a compressed body over its content, when nothing can be compressed
	// RFC 9659: what a receiver of Content-Encoding zstd has to support, and no more.
	maxZstdWindow   = 8 << 20
	maxPiece        = 4 << 20 // of a body that grows
	maxHeaderBytes  = 32 << 10
	maxHeaderFields = 200

	// A sync has 256 at most, and a page six. Each takes half a megabyte while its header comes, if
	// that is all short fields.
	maxConnections  = 300
	loopbackReserve = 16 // of them, for this machine alone
	maxLeaving      = 32 // more that are closed, until their requests have ended

	headerTimeout = 10 * time.Second
	readTimeout   = 5 * time.Minute // of header and body; the largest body takes it at 220 kB/s
	idleTimeout   = 2 * time.Minute
	writeTimeout  = time.Minute // of each piece of an answer
	writePiece    = 64 << 10    // bytes
)

// bodiesAtOnce is how many of the largest bodies all that are under way may be. One that is put
// together from its pieces is two.
const bodiesAtOnce = 3

// What is made of bodies under way: at least the rows of one body always have room.
const (
	rowsAtOnce    = 32 << 20 // bytes
	parsersAtOnce = 2        // bodies; the rows of one take twice their memory while they grow
)

// budget bounds a memory that requests share.
type budget struct {
	mu   sync.Mutex
	left int64
}

// take reports whether n bytes were left. Whoever takes them gives them back.
func (b *budget) take(n int64) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if n > b.left {
		return false
	}
	b.left -= n
	return true
}

func (b *budget) give(n int64) {
	b.mu.Lock()
	b.left += n
	b.mu.Unlock()
}

// tooManyFields reports whether the header costs more to keep than its bytes suggest.
func tooManyFields(h http.Header) bool {
	n := 0
	for _, values := range h {
		n += len(values)
	}
	return n > maxHeaderFields
}

// liftReadDeadline is for a request that was read to its end: the server's deadline for reading
// would only end its waiting for the answer.
func liftReadDeadline(w http.ResponseWriter) {
	_ = http.NewResponseController(w).SetReadDeadline(time.Time{}) // a recorder of a test has none
}
