package delivery

import "sync"

// sizeLimit is the largest body that an endpoint takes, as far as its answers tell. The zero value
// knows of no limit. It is safe for concurrent use.
type sizeLimit struct {
	mu     sync.Mutex
	limit  int // bytes; 0: none known
	passed int // the largest body that passed since the last refusal
	near   int // bodies that passed near the limit since it was last moved
}

const (
	nearLimitRun    = 50 // bodies near the limit that have to pass before a larger one is tried
	limitGrowthPart = 10 // the limit then grows by one part in so many
)

// fits reports whether a body of size bytes may be tried.
func (l *sizeLimit) fits(size int) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.limit == 0 || size <= l.limit
}

// refused notes that a body was refused for its size. The limit is now what passed before, or half
// of the body if that is not known.
func (l *sizeLimit) refused(size int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.limit = size / 2; l.passed > 0 && l.passed < size {
		l.limit = l.passed
	}
	l.near = 0
}

// accepted notes that a body passed.
func (l *sizeLimit) accepted(size int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.passed = max(l.passed, size)
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
		l.limit += l.limit / limitGrowthPart
		l.near = 0
	}
}
