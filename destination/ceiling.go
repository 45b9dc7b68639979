package destination

import "sync"

// ceiling is the largest body that an endpoint takes, as far as its answers tell. The zero value knows of no limit. It is
// safe for concurrent use.
type ceiling struct {
	mu     sync.Mutex
	limit  int // bytes; 0: none known
	passed int // the largest body that passed since the last refusal
	run    int // bodies that passed near the limit since it was last moved
}

const (
	// ceilingRun is how many bodies near the limit have to pass before it is tried a little higher,
	ceilingRun = 50
	// and ceilingGrowth by which part.
	ceilingGrowth = 10
)

// fits says whether a body of size bytes may be tried.
func (c *ceiling) fits(size int) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.limit == 0 || size <= c.limit
}

// tooLarge notes that a body was refused for its size: what passed before is the limit now, or half of it where that is
// not known.
func (c *ceiling) tooLarge(size int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.limit = size / 2; c.passed > 0 && c.passed < size {
		c.limit = c.passed
	}
	c.run = 0
}

// took notes that a body passed.
func (c *ceiling) took(size int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.passed = max(c.passed, size)
	if c.limit == 0 {
		return
	}
	if size > c.limit {
		c.limit = size
	}
	if size < c.limit/2 {
		return
	}
	if c.run++; c.run == ceilingRun {
		c.limit += c.limit / ceilingGrowth
		c.run = 0
	}
}
