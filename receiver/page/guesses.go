package page

import (
	"net"
	"net/http"
	"sync"
	"time"
)

// The answer to a wrong token takes guessDelay, and the same again for each guessesAtOnce others
// that wait for theirs.
const (
	guessDelay    = time.Second
	guessesAtOnce = 10
)

// guesses slow down guessing. The answer to a wrong token is delayed, and so are all answers to the
// same address meanwhile: a guess that goes quicker than others would be known to be right. Nobody
// is refused for what others do. The zero value is ready to use.
type guesses struct {
	mu    sync.Mutex
	wrong map[string]int // of each address, those that wait; no more than there are connections
	all   int
}

// wait returns when a request may be told whether its token is right.
func (g *guesses) wait(req *http.Request, right bool, closing <-chan struct{}) {
	from := address(req)
	delay := g.begin(from, right)
	if delay == 0 {
		return
	}
	// It waits whether or not the client does: leaving early must not make room for another guess.
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-closing:
	}
	if !right {
		g.end(from)
	}
}

// begin counts a wrong token, and returns how long the answer takes.
func (g *guesses) begin(from string, right bool) time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	if right && g.wrong[from] == 0 {
		return 0
	}
	if !right {
		if g.wrong == nil {
			g.wrong = map[string]int{}
		}
		g.wrong[from]++
		g.all++
	}
	return guessDelay + guessDelay*time.Duration(g.all-1)/guessesAtOnce
}

func (g *guesses) end(from string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.all--
	if g.wrong[from]--; g.wrong[from] == 0 {
		delete(g.wrong, from)
	}
}

func address(req *http.Request) string {
	host, _, err := net.SplitHostPort(req.RemoteAddr)
	if err != nil {
		return req.RemoteAddr
	}
	return host
}
