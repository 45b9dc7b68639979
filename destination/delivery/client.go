package delivery

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"destination-webhook/destination/printable"
)

// errStopped is the cause of waits that Stop ends.
var errStopped = errors.New("stopped before the next attempt")

// probeElapsed bounds a connection check: a person waits for it.
const probeElapsed = 30 * time.Second

// RetryOptions bound the attempts of one delivery.
type RetryOptions struct {
	MaxAttempts     int           // at least 1
	InitialInterval time.Duration // bound of the first wait; it doubles from there
	MaxInterval     time.Duration // bound of every wait that the endpoint did not ask for
	MaxElapsed      time.Duration // from the first attempt's start to the last one's end; 0: no bound
}

// Options are read-only once New has them.
type Options struct {
	Transport         http.RoundTripper // makes each attempt; must be safe for concurrent use
	Timeout           time.Duration     // of one attempt, the answer's body included; 0: none
	Retry             RetryOptions
	RequestsPerSecond float64 // of the client as a whole, retries included; 0: unlimited
	Concurrency       int     // most attempts in flight to one endpoint; 0: unlimited
	Adaptive          bool    // find the best number in flight between 1 and Concurrency
	Compression       string  // "gzip", "zstd"; anything else: none

	// Sign adds a signature, and what else is of one attempt, to its header. The body is the
	// uncompressed one. Nil: unsigned.
	Sign func(h http.Header, id string, at time.Time, body []byte)
	// Redact masks secrets in text that an endpoint or the network stack wrote. Nil: none are
	// known.
	Redact func(string) string
	// RedactCut is Redact for text that was cut and may end in a part of a secret. Nil: Redact.
	RedactCut func(string) string
	// OnAttempt is called with every finished attempt, by many goroutines. Nil: nobody is told.
	OnAttempt func(Attempt)
	// Phases makes each attempt note its phases.
	Phases bool
}

// Attempt is what OnAttempt learns about one finished attempt.
type Attempt struct {
	ID      string // of the request
	N       int    // counts from 1 within a delivery
	Method  string
	Host    string        // scheme://host[:port]
	Status  int           // 0: no answer
	Err     error         // nil: delivered
	Final   bool          // no further attempt follows
	Wait    time.Duration // until the next attempt, 0 when there is none or it follows at once
	Pause   time.Duration // of all requests to the host, which a success asks for by its rate limit
	Latency time.Duration // from the first byte sent to the last byte read
	Excerpt string        // of the answer, when it was not a success
	// What happened and what to do about it, without what varies; empty if delivered.
	Advice string
	// Of the request, without what the transport added, until OnAttempt returns; it may hold secrets.
	Header http.Header
	Bytes  int     // of the body as it was sent
	Phases []Phase // if the client notes them
}

// TimedOut reports whether the attempt failed because something took too long.
func (a *Attempt) TimedOut() bool { return isTimeout(a.Err) }

// Client delivers. It is safe for concurrent use; make one per sync.
type Client struct {
	options Options
	pace    *rate.Limiter
	encode  encode
	paced   atomic.Int64 // nanoseconds

	stopped chan struct{} // closed by Stop

	mu        sync.Mutex
	targets   map[string]*target
	endpoints map[string]*endpoint
	waiting   map[*delivery]context.CancelCauseFunc
	exchanges []*exchange // of attempts that have ended, for the next ones
}

// New makes a client of o.
func New(o Options) *Client {
	if o.Redact == nil {
		o.Redact = func(s string) string { return s }
	}
	if o.RedactCut == nil {
		o.RedactCut = o.Redact
	}
	if o.OnAttempt == nil {
		o.OnAttempt = func(Attempt) {}
	}
	return &Client{
		options:   o,
		pace:      newPace(o.RequestsPerSecond),
		encode:    newEncode(o.Compression),
		stopped:   make(chan struct{}),
		targets:   make(map[string]*target),
		endpoints: make(map[string]*endpoint),
		waiting:   make(map[*delivery]context.CancelCauseFunc),
	}
}

// newPace spaces requests evenly: with a burst of one, no second has more than perSecond of them
// and the one that is due.
func newPace(perSecond float64) *rate.Limiter {
	if perSecond <= 0 {
		return rate.NewLimiter(rate.Inf, 1)
	}
	return rate.NewLimiter(rate.Limit(perSecond), 1)
}

// Deliver sends r until it is answered with 2xx, refused, or out of tries. Every error is a
// *Failure. r.Body is the caller's again when it returns.
func (c *Client) Deliver(ctx context.Context, r Request) (*Response, error) {
	return c.deliver(ctx, r, c.options.Retry)
}

// Probe is Deliver for a connection check: one attempt, one more after a transient failure, 30
// seconds in all.
func (c *Client) Probe(ctx context.Context, r Request) (*Response, error) {
	limits := c.options.Retry
	limits.MaxAttempts, limits.MaxElapsed = 2, probeElapsed
	return c.deliver(ctx, r, limits)
}

// Stop lets attempts in flight finish and starts no other: deliveries that wait for their next
// attempt return their last failure, those that had none yet a Failure of kind Canceled.
func (c *Client) Stop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.isStopped() {
		close(c.stopped)
	}
	for _, cancel := range c.waiting {
		cancel(errStopped)
	}
}

// Excerpt returns what a message may show of an answer's text, which may have been cut.
func (c *Client) Excerpt(text []byte) string { return printable.Excerpt(text, c.options.RedactCut) }

// Load returns how many attempts are in flight, and how many may be at once; 0: any number.
func (c *Client) Load() (inFlight, limit int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, e := range c.endpoints {
		busy, most := e.slots.load()
		inFlight, limit = inFlight+busy, limit+most
	}
	return inFlight, limit
}

// Paced returns how long requests have waited so far because of RequestsPerSecond, all together.
func (c *Client) Paced() time.Duration { return time.Duration(c.paced.Load()) }

func (c *Client) isStopped() bool {
	select {
	case <-c.stopped:
		return true
	default:
		return false
	}
}

// ended returns why no attempt may start: the end of ctx, or Stop.
func (c *Client) ended(ctx context.Context) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if c.isStopped() {
		return errStopped
	}
	return nil
}

// register returns a context for the waits of d: it ends with ctx or Stop.
func (c *Client) register(ctx context.Context, d *delivery) (waits context.Context, unregister func()) {
	waits, cancel := context.WithCancelCause(ctx)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.isStopped() {
		cancel(errStopped)
	}
	c.waiting[d] = cancel
	return waits, func() {
		c.mu.Lock()
		delete(c.waiting, d)
		c.mu.Unlock()
		cancel(nil)
	}
}

// shown returns err with a text fit for a message. A *url.Error would show the whole URL. What
// net/http quotes, at the end of its errors, may be a line that broke off.
func (c *Client) shown(err error) error {
	var u *url.Error
	for errors.As(err, &u) {
		err = u.Err
	}
	text, quoted := strings.CutSuffix(err.Error(), `"`)
	if quoted {
		text = c.options.RedactCut(text) + `"`
	}
	return &cause{printable.Line(c.options.Redact(text), printable.MaxExcerpt), err}
}
