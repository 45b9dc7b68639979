package receiver

import (
	"context"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"
	"unsafe"

	"destination-webhook/receiver/faults"
	"destination-webhook/receiver/journal"
	"destination-webhook/receiver/page"
	"destination-webhook/receiver/relay"
)

// Receiver is an http.Handler for every path and method. It is safe for concurrent use. It starts
// no goroutine of its own; Close releases the requests that a fault delays.
type Receiver struct {
	options Options
	journal *journal.Journal
	page    http.Handler
	rows    *rowWriter
	lines   *lineWriter
	relay   *relay.Relay // nil for none
	bodies  bodyReader
	parsers chan struct{} // has one for each body that is parsed
	parsed  *budget       // of the rows that are under way

	closing   chan struct{}
	closeOnce sync.Once

	mu       sync.Mutex // guards what follows
	dice     *faults.Dice
	inFlight int // requests that were admitted
}

// New returns a Receiver. The caller closes it.
func New(o Options) *Receiver {
	o.setDefaults()
	r := &Receiver{
		options: o,
		journal: journal.New(o.KeepRequests, o.KeepBytes),
		rows:    newRowWriter(o.Rows),
		lines:   newLineWriter(o.Log),
		bodies:  bodyReader{o.MaxBody, &budget{left: bodiesAtOnce * o.MaxBody}},
		parsers: make(chan struct{}, parsersAtOnce),
		parsed:  &budget{left: rowsAtOnce},
		relay:   o.Forward,
		closing: make(chan struct{}),
		dice:    faults.NewDice(o.Faults),
	}
	r.journal.Restore(o.Stored, time.Now())
	r.page = page.New(page.Options{
		Journal: r.journal, Faults: r, Reset: r.Reset, Relay: r.relay, Closing: r.closing, Signed: len(o.SigningSecrets) > 0, AllowRemote: o.AllowRemote, Token: o.Token,
		Keeps: page.Keeps{Requests: o.KeepRequests, Bytes: o.KeepBytes},
	})
	return r
}

// Close releases every request that waits, for its latency or forever. Later requests are answered
// without waiting.
func (r *Receiver) Close() error {
	r.closeOnce.Do(func() {
		close(r.closing)
		if r.relay != nil {
			r.relay.Close()
		}
	})
	return nil
}

// SetFaults changes the behaviour for the requests that arrive from now on. Counting for Every
// starts again.
func (r *Receiver) SetFaults(f Faults) {
	r.mu.Lock()
	r.dice = faults.NewDice(f)
	r.mu.Unlock()
	r.journal.Wake()
}

// Faults returns the faults in force.
func (r *Receiver) Faults() Faults {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.dice.Faults
}

// arrive returns the faults in force, whether they make this request fail, and whether there is no
// capacity for it. A request that is admitted has to leave.
func (r *Receiver) arrive() (f faults.Faults, failing, busy bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f, failing = r.dice.Faults, r.dice.Roll()
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

// ServeHTTP shows the page under /_/ and receives on every other path.
func (r *Receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	switch {
	case strings.HasPrefix(req.URL.Path, page.Path):
		r.page.ServeHTTP(w, req)
	case isPerson(req):
		http.Redirect(w, req, page.Path, http.StatusSeeOther)
	case !page.Allowed(req, r.options.AllowRemote):
		a := refuse(http.StatusForbidden, "", "another site sent this, or it was sent to a name that is not this machine's: send from a program to 127.0.0.1, or use --allow-remote")
		a.Body = a.content()
		a.write(w, nil)
	default:
		r.receive(w, req)
	}
}

// isPerson reports whether a browser asks for something to look at.
func isPerson(req *http.Request) bool {
	return req.Method == http.MethodGet && strings.Contains(req.Header.Get("Accept"), "text/html")
}

// receive reads one request, records it and answers it.
func (r *Receiver) receive(w http.ResponseWriter, req *http.Request) {
	misbehave, failing, busy := r.arrive()
	if busy {
		misbehave.Latency = 0 // those that are refused are told at once
	} else {
		defer r.leave()
	}
	if r.options.Discard {
		r.discard(w, req, misbehave, failing, busy)
		return
	}

	start := time.Now()
	in := journal.NewRequest(req, start)
	if failing && misbehave.Answer == AnswerClose {
		readHalf(in, req)
		r.journal.Arrive(in)
		r.finish(w, in, nil, fail(misbehave))
		return
	}
	memory, readErr := r.read(w, in, req)
	defer r.bodies.memory.give(memory)
	rows, rowMemory, readErr := r.parse(in, readErr)
	defer r.parsed.give(rowMemory)
	verify(in, r.options.SigningSecrets, start)
	whole := *in // the journal may drop a body that it cannot keep
	r.journal.Arrive(in)

	a := r.answer(req, &whole, misbehave, r.decide(misbehave, failing, busy, in, readErr, rows))
	if a.kind == AnswerHang {
		r.hang(req)
	}
	r.finish(w, in, rows, a)
}

// answer waits as it has to, and replaces an answer to a request that is right, and that no fault
// chose: by the script, by what the target of forwarded requests says, or by a body of the user's.
func (r *Receiver) answer(req *http.Request, in *Request, f faults.Faults, a answer) answer {
	right := a.Status == http.StatusOK && a.Fault == ""
	if right {
		if step := r.options.Script.Next(in.Stream, in.Namespace+"."+in.Stream, in.HasKey); step != nil {
			r.wait(req, max(f.Latency, step.Wait()))
			return scripted(step, in)
		}
	}
	r.wait(req, f.Latency)
	switch {
	case right && r.relay != nil:
		return r.forward(req.Context(), in)
	case f.Body != "" && len(a.Rejected) == 0:
		a.Body, a.own = f.Body, true
	}
	return a
}

// read reads the body. A header that is too heavy to keep is dropped.
func (r *Receiver) read(w http.ResponseWriter, in *Request, req *http.Request) (memory int64, err error) {
	if tooManyFields(req.Header) {
		in.Header = http.Header{}
		return 0, errTooManyFields
	}
	memory, err = r.bodies.read(in, req)
	if err == nil {
		liftReadDeadline(w)
	}
	return memory, err
}

// parse returns the rows of a body. The caller gives their memory back when it has answered.
func (r *Receiver) parse(in *Request, readErr error) (rows []Row, memory int64, err error) {
	r.parsers <- struct{}{}
	defer func() { <-r.parsers }()
	rows = in.Parse(readErr)
	memory = int64(cap(rows)) * int64(unsafe.Sizeof(Row{}))
	if !r.parsed.take(memory) {
		in.Problem, in.Rows = errTooManyRows.Error(), 0
		return nil, 0, errTooManyRows
	}
	return rows, memory, readErr
}

// finish records what the answer means, then sends it.
func (r *Receiver) finish(w http.ResponseWriter, in *Request, rows []Row, a answer) {
	a.Body = a.content()
	a = r.complete(in, rows, a)
	r.lines.write(in)
	r.keep(in.ID)
	a.write(w, in)
}

// keep writes the request to the store. An answer is right without it, so an error only ends up in
// the log.
func (r *Receiver) keep(id int64) {
	if r.options.Store == nil {
		return
	}
	record, found := r.journal.Record(id)
	if !found {
		return
	}
	if err := r.options.Store.Add(record, r.records); err != nil {
		r.lines.say(err.Error())
	}
}

// records returns all requests that are kept and answered.
func (r *Receiver) records() []journal.Record {
	var records []journal.Record
	for _, q := range r.journal.Requests() {
		if record, found := r.journal.Record(q.ID); found {
			records = append(records, record)
		}
	}
	return records
}

// Reset forgets all requests and totals.
func (r *Receiver) Reset() {
	r.journal.Reset()
	if r.options.Store == nil {
		return
	}
	if err := r.options.Store.Clear(); err != nil {
		r.lines.say(err.Error())
	}
}

// complete counts the rows that the answer accepts. A row that cannot be written to Options.Rows is
// not accepted, and the sender is told so.
func (r *Receiver) complete(in *Request, rows []Row, a answer) answer {
	if !a.Accepts() {
		rows = nil
	}
	rows = journal.Without(rows, a.Rejected)
	err := r.rows.write(rows, func() { r.journal.Complete(in, a.Outcome, rows, time.Now()) })
	if err != nil {
		a = refuse(http.StatusInternalServerError, "", err.Error())
		a.Body = a.content()
		r.journal.Complete(in, a.Outcome, nil, time.Now())
	}
	return a
}

// wait sleeps for d, or until the client goes away or the Receiver closes.
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

// hang waits until the client goes away or the Receiver closes.
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
	a := r.decide(f, failing, busy, in, err, nil)
	if a.kind == AnswerHang {
		r.hang(req)
	}
	a.Body = a.content()
	r.journal.Count(in, a.Status, time.Now())
	a.write(w, in)
}

// Requests returns the kept requests in order of arrival.
func (r *Receiver) Requests() []Request { return r.journal.Requests() }

// Totals returns what has been counted so far.
func (r *Receiver) Totals() Totals { return r.journal.Totals() }

// Accepted returns the accepted rows of the kept requests in order of acceptance. Duplicates are in
// it as often as they were accepted.
func (r *Receiver) Accepted() []Row { return r.journal.Accepted() }

// Wait returns when the totals satisfy until, or with the context's error.
func (r *Receiver) Wait(ctx context.Context, until func(Totals) bool) error {
	return r.journal.Wait(ctx, until)
}

// Claim adds the states among the lines of a sync's output, and returns what all of them claim
// beside what arrived.
func (r *Receiver) Claim(output io.Reader) (Comparison, error) { return r.journal.Claim(output) }
