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
	maxHeaderBytes  = 64 << 10
	maxHeaderFields = 200

	headerTimeout = 10 * time.Second
	readTimeout   = 5 * time.Minute // of header and body; the largest body takes it at 220 kB/s
	idleTimeout   = 2 * time.Minute
)

// bodiesAtOnce is how many of the largest bodies all that are under way may be. One that is put
// together from its pieces is two.
const bodiesAtOnce = 3

// budget bounds the memory of all bodies that are read at once.
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
