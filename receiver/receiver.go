package receiver

import (
	"io"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Receiver is an http.Handler for every path and method. It is safe for
// concurrent use. It starts no goroutine of its own; Close releases the
// requests that a fault holds back.
type Receiver struct {
	options Options
	started time.Time
	journal *journal
	page    http.Handler
	rows    *rowWriter
	lines   *lineWriter

	closing   chan struct{}
	closeOnce sync.Once

	mu       sync.Mutex // guards what follows
	dice     *dice
	inFlight int // requests that were admitted
}

// New returns a Receiver. The caller closes it.
func New(o Options) *Receiver {
	o.setDefaults()
	r := &Receiver{
		options: o,
		started: time.Now(),
		journal: newJournal(o.KeepRequests, o.KeepBytes),
		rows:    newRowWriter(o.Rows),
		lines:   newLineWriter(o.Log),
		closing: make(chan struct{}),
		dice:    newDice(o.Faults),
	}
	r.page = newPage(r)
	return r
}

// Close lets go of every request that waits, for its latency or forever. Later
// requests are answered without waiting.
func (r *Receiver) Close() error {
	r.closeOnce.Do(func() { close(r.closing) })
	return nil
}

// SetFaults changes the behaviour for the requests that arrive from now on.
// Counting for Every starts anew.
func (r *Receiver) SetFaults(f Faults) {
	r.mu.Lock()
	r.dice = newDice(f)
	r.mu.Unlock()
	r.journal.wake()
}

// Faults returns the faults in force.
func (r *Receiver) Faults() Faults {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.dice.faults
}

// arrive returns the faults in force, whether they befall this request, and
// whether there is no place for it. One that is admitted has to leave.
func (r *Receiver) arrive() (f Faults, failing, busy bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f, failing = r.dice.faults, r.dice.throw()
	if busy = f.Capacity > 0 && r.inFlight >= f.Capacity; !busy {
		r.inFlight++
	}
	return f, failing, busy
}

func (r *Receiver) leave() {
	r.mu.Lock()
	r.inFlight--
	r.mu.Unlock()
}

// ServeHTTP shows the page under /_/ and receives everywhere else.
func (r *Receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	switch {
	case strings.HasPrefix(req.URL.Path, pagePath):
		r.page.ServeHTTP(w, req)
	case isPerson(req):
		http.Redirect(w, req, pagePath, http.StatusSeeOther)
	default:
		r.receive(w, req)
	}
}

// isPerson says whether a browser asks for something to look at.
func isPerson(req *http.Request) bool {
	return req.Method == http.MethodGet && strings.Contains(req.Header.Get("Accept"), "text/html")
}

// receive reads one request, records it and answers it.
func (r *Receiver) receive(w http.ResponseWriter, req *http.Request) {
	faults, failing, busy := r.arrive()
	if busy {
		faults.Latency = 0 // the refused are told at once
	} else {
		defer r.leave()
	}
	if r.options.Discard {
		r.discard(w, req, faults, failing, busy)
		return
	}

	start := time.Now()
	in := newRequest(req, start)
	if failing && faults.Answer == AnswerClose {
		in.readHalf(req)
		r.journal.enter(in)
		r.finish(w, in, nil, fail(faults))
		return
	}
	readErr := in.read(req, r.options.MaxBody)
	rows := in.parse(readErr)
	in.verify(r.options.SigningSecrets, start)
	r.journal.enter(in)

	r.wait(req, faults.Latency)
	a := decide(faults, failing, busy, in, readErr, rows)
	if a.kind == AnswerHang {
		r.hang(req)
	}
	r.finish(w, in, rows, a)
}

// finish settles what the answer means, then gives it.
func (r *Receiver) finish(w http.ResponseWriter, in *Request, rows []Row, a answer) {
	a = r.settle(in, rows, a)
	r.lines.write(in)
	a.write(w, in)
}

// settle counts the rows that the answer accepts. A row that cannot be written
// to Options.Rows is not accepted, and the sender is told so.
func (r *Receiver) settle(in *Request, rows []Row, a answer) answer {
	if !a.accepts() {
		rows = nil
	}
	rows = without(rows, a.rejected)
	err := r.rows.write(rows, func() { r.journal.settle(in, a, rows, time.Now()) })
	if err != nil {
		a = answer{status: http.StatusInternalServerError, problem: err.Error()}
		r.journal.settle(in, a, nil, time.Now())
	}
	return a
}

// wait sleeps for d, or less when the client goes away or the Receiver closes.
func (r *Receiver) wait(req *http.Request, d time.Duration) {
	if d <= 0 {
		return
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-req.Context().Done():
	case <-r.closing:
	}
}

// hang gives no answer until the client goes away or the Receiver closes.
func (r *Receiver) hang(req *http.Request) {
	select {
	case <-req.Context().Done():
	case <-r.closing:
	}
}

// discard counts one request without looking at it.
func (r *Receiver) discard(w http.ResponseWriter, req *http.Request, f Faults, failing, busy bool) {
	n, err := io.Copy(io.Discard, req.Body)
	r.wait(req, f.Latency)
	in := &Request{Host: req.Host, WireBytes: n, Bytes: n}
	a := decide(f, failing, busy, in, err, nil)
	if a.kind == AnswerHang {
		r.hang(req)
	}
	r.journal.count(in, a, time.Now())
	a.write(w, in)
}
