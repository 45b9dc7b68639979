package delivery

import (
	"crypto/tls"
	"net/http/httptrace"
	"slices"
	"sync"
	"time"
)

// Phase is a moment of an attempt.
type Phase struct {
	Name string // such as dns.done
	At   time.Time
}

// phases are the moments of an attempt so far. It is safe for concurrent use; net/http calls the
// trace from its own goroutines, maybe after the attempt has ended.
type phases struct {
	mu   sync.Mutex
	list []Phase
}

func (p *phases) add(name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.list = append(p.list, Phase{name, time.Now()})
}

// all returns what was added so far, in the order of time.
func (p *phases) all() []Phase {
	if p == nil {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.list)
}

// watch adds hooks to a trace.
func (p *phases) watch(t *httptrace.ClientTrace) {
	t.DNSStart = func(httptrace.DNSStartInfo) { p.add("dns.start") }
	t.DNSDone = func(httptrace.DNSDoneInfo) { p.add("dns.done") }
	t.ConnectStart = func(string, string) { p.add("connect.start") }
	t.ConnectDone = func(string, string, error) { p.add("connect.done") }
	t.TLSHandshakeStart = func() { p.add("tls.start") }
	t.TLSHandshakeDone = func(tls.ConnectionState, error) { p.add("tls.done") }
	t.GotFirstResponseByte = func() { p.add("first_byte") }
}
