package delivery

import (
	"cmp"
	"sync"
)

// sizeLimit is the largest request that an endpoint takes, as far as its answers tell: in bytes of
// the body, or in rows. The zero value knows of no limit. It is safe for concurrent use.
type sizeLimit struct {
	mu     sync.Mutex
	limit  int // 0: none known
	passed int // the largest request that passed; 0: not known
	near   int // requests that passed near the limit since it was last moved

	suspected  int // the smallest size that may be too large; 0: none
	suspicions int
}

const (
	nearLimitRun    = 50 // requests near the limit that have to pass before a larger one is tried
	limitGrowthPart = 10 // the limit then grows by this part of itself

	// Suspicions of a number of rows: two rows that must not meet are refused like too many.
	enoughRows  = 3
	enoughBytes = 1 // suspicions of a size on which the endpoint hung up: each took several attempts
)

// most returns the largest request that may be tried; 0: any.
func (l *sizeLimit) most() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.limit
}

// refused notes that a request was refused for its size.
func (l *sizeLimit) refused(size int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lower(size)
}

// suspect notes that a request was refused and its parts passed. It reports whether the size may be
// the reason: none as large has passed. With so many suspicions in a row it is taken for the
// reason.
func (l *sizeLimit) suspect(size, enough int) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.passed >= size {
		return false
	}
	if l.suspicions == 0 || size < l.suspected {
		l.suspected = size
	}
	if l.suspicions++; l.suspicions >= enough {
		l.lower(l.suspected)
	}
	return true
}

// lower sets the limit below size: to what passed before, or to half of it if that is not known.
func (l *sizeLimit) lower(size int) {
	if l.passed >= size {
		l.passed = 0 // the endpoint takes less than it did
	}
	l.limit, l.near, l.suspicions = cmp.Or(l.passed, size/2), 0, 0
}

// accepted notes that a request passed.
func (l *sizeLimit) accepted(size int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.passed = max(l.passed, size)
	if size >= l.suspected {
		l.suspicions = 0
	}
	if l.limit == 0 {
		return
	}
	if size > l.limit {
		l.limit = size
	}
	if size < l.limit/2 {
		return
	}
	if l.near++; l.near == nearLimitRun {
		l.limit += max(1, l.limit/limitGrowthPart)
		l.near = 0
	}
}
