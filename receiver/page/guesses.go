package page

import (
	"net"
	"net/http"
	"sync"
	"time"
)

// guessDelay is how long the answer to a wrong token takes.
const guessDelay = time.Second

// guesses slow down guessing: an address has one wrong token answered at a time, each after a
// delay. Meanwhile its other tokens are not compared. The zero value is ready to use.
type guesses struct {
	mu      sync.Mutex
	delayed map[string]bool // addresses; no more than there are connections
}

// verdict is what became of a token.
type verdict int

const (
	tokenRight verdict = iota
	tokenWrong
	tokenNotCompared
)

// try compares the tokens of a request, unless its address has to wait. It delays a wrong one.
func (g *guesses) try(req *http.Request, compare func() bool, closing <-chan struct{}) verdict {
	from := address(req)
	v := g.compare(from, compare)
	if v == tokenWrong {
		g.delay(from, closing)
	}
	return v
}

func (g *guesses) compare(from string, compare func() bool) verdict {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case g.delayed[from]:
		return tokenNotCompared
	case compare():
		return tokenRight
	}
	if g.delayed == nil {
		g.delayed = map[string]bool{}
	}
	g.delayed[from] = true
	return tokenWrong
}

// delay waits whether or not the client does: leaving early must not make room for another guess.
func (g *guesses) delay(from string, closing <-chan struct{}) {
	timer := time.NewTimer(guessDelay)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-closing:
	}
	g.mu.Lock()
	delete(g.delayed, from)
	g.mu.Unlock()
}

func address(req *http.Request) string {
	host, _, err := net.SplitHostPort(req.RemoteAddr)
	if err != nil {
		return req.RemoteAddr
	}
	return host
}
