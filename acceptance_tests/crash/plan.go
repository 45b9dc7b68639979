package main

import (
	"fmt"
	"math/rand/v2"
	"time"

	"destination-webhook/destination/signature/signaturetest"
	"destination-webhook/receiver"
)

// plan is one run, drawn from its seed.
type plan struct {
	seed     uint64
	payload  payload
	style    string // of the states: stream, global, legacy or mixed
	streams  []stream
	messages []message // of the source, in order; message i has the position i+1
	settings settings
	ends     []end // of one process after the other; a last one may live
}

func (p *plan) String() string {
	return fmt.Sprintf("%d messages of %d streams with %s states, %v, %+v, ends %+v", len(p.messages), len(p.streams), p.style, p.payload, p.settings, p.ends)
}

type stream struct {
	name, namespace string
	keyed           bool
}

// message is a RECORD or a STATE.
type message struct {
	position int
	stream   int // everyStream: a GLOBAL or LEGACY state
	state    bool
	key      int
	bad      bool // the endpoint refuses the record
	padding  int
}

// everyStream means all streams.
const everyStream = -1

// settings are what varies of the config and of the endpoint.
type settings struct {
	faults      receiver.Faults
	rows        int // most in a batch
	concurrency int
	adaptive    bool
	compression string
	timeout     float64 // of a request, in seconds
	age         float64 // of a batch, in seconds
	signed      bool
	compact     bool // rows that a later one of their batch replaces are not sent
}

// steady reports whether bodies depend on the input alone: no batch is cut by its age, there is no
// limit of size that a process finds and the next one does not know yet, and the states speak for
// the same rows in each process. After a mixture of STREAM and GLOBAL states a resumed sync begins
// with another scope than the one before. And if so many states are due together that the pipe
// takes them in parts, a kill can come between two parts: the next sync begins within a batch then.
func (p *plan) steady() bool {
	return p.settings.age > 1 && p.settings.faults.MaxBytes == 0 && p.style != "mixed" && p.states()*maxState <= pipe
}

const (
	pipe     = 64 << 10 // bytes that a pipe of Linux holds
	maxState = 400      // more than a state of a plan has, its line included
)

// states is how many there are.
func (p *plan) states() (n int) {
	for _, m := range p.messages {
		if m.state {
			n++
		}
	}
	return n
}

// draw makes the plan of a seed.
func draw(seed uint64) *plan {
	r := rand.New(rand.NewPCG(seed, 0))
	p := &plan{seed: seed, payload: drawPayload(seed, len(payloads)), style: pick(r, "stream", "stream", "global", "legacy", "mixed")}
	for i := range 1 + r.IntN(3) {
		p.streams = append(p.streams, stream{name: fmt.Sprintf("stream %d", i), namespace: pick(r, "", "public"), keyed: r.IntN(2) == 0})
	}
	p.drawMessages(r)
	p.settings = drawSettings(r)
	p.settings.compact = drawCompact(seed)
	p.settings.faults.MaxBytes = drawMaxBytes(seed)
	p.settings.faults.RejectField, p.settings.faults.RejectValue = "bad", "yes"
	p.settings.faults.RejectRows = r.IntN(2) == 0
	for range 1 + r.IntN(5) {
		p.ends = append(p.ends, drawEnd(r, len(p.messages)))
	}
	return p
}

func pick[T any](r *rand.Rand, choices ...T) T { return choices[r.IntN(len(choices))] }

// drawMessages makes records with states among them, and a state for everything at the end.
func (p *plan) drawMessages(r *rand.Rand) {
	count, distance, keys := 50+r.IntN(800), 2+r.IntN(60), 1+r.IntN(100)
	if p.payload.oneRow() {
		count = min(count, 200) // a request each takes long at an endpoint that fails often
	}
	for i := range count {
		m := message{stream: r.IntN(len(p.streams)), key: r.IntN(keys), bad: r.IntN(30) == 0, padding: r.IntN(80)}
		if r.IntN(distance) == 0 {
			m.state = true
			m.stream = p.scope(r, m.stream, i > count/2)
		}
		p.append(m)
	}
	for i := range p.streams {
		p.append(message{state: true, stream: p.scope(r, i, true)})
	}
}

func (p *plan) append(m message) {
	m.position = len(p.messages) + 1
	p.messages = append(p.messages, m)
}

// scope is what a state speaks for; in a mixture only late ones may speak for everything.
func (p *plan) scope(r *rand.Rand, stream int, late bool) int {
	if p.style == "global" || p.style == "legacy" || p.style == "mixed" && late && r.IntN(2) == 0 {
		return everyStream
	}
	return stream
}

func drawSettings(r *rand.Rand) settings {
	return settings{
		faults:      drawFaults(r),
		rows:        1 + r.IntN(60),
		concurrency: 1 + r.IntN(8),
		adaptive:    r.IntN(2) == 0,
		compression: pick(r, "none", "gzip", "zstd"),
		timeout:     0.5,
		age:         pick(r, 0.01, 600, 600),
		signed:      r.IntN(4) == 0,
	}
}

// drawFaults chooses how the endpoint misbehaves. A verdict that breaks off is not among the
// faults: it ends every sync, as verdict_broken.txtar shows.
func drawFaults(r *rand.Rand) receiver.Faults {
	f := pick(r,
		receiver.Faults{},
		receiver.Faults{Status: 503, Percent: 40},
		receiver.Faults{Status: 500, Every: 2},
		receiver.Faults{Status: 429, Percent: 20, RetryAfter: "0"},
		receiver.Faults{Status: 429, Every: 25, RetryAfter: "1"},
		receiver.Faults{Answer: receiver.AnswerClose, Percent: 30},
		receiver.Faults{Answer: receiver.AnswerHalf, Percent: 30},
		receiver.Faults{Answer: receiver.AnswerHang, Every: 17},
		receiver.Faults{Capacity: 2},
	)
	f.Seed = r.Uint64()
	f.Latency = time.Duration(r.IntN(3000)) * time.Microsecond
	return f
}

// drawMaxBytes chooses above which size bodies are refused, which every row alone keeps to; 0: no
// body is. It chooses by a generator of its own, so that a seed draws the rest of its plan as ever.
func drawMaxBytes(seed uint64) int64 {
	r := rand.New(rand.NewPCG(seed, 5))
	return pick(r, 0, 0, 700+r.Int64N(2000))
}

// drawEnd chooses what a process dies of.
func drawEnd(r *rand.Rand, messages int) end {
	e := end{after: pick(r, "requests", "requests", "bytes", "states", "microseconds"), gently: r.IntN(6) == 0}
	switch e.after {
	case "requests":
		e.count = 1 + r.IntN(30)
	case "bytes":
		e.count = 1 + r.IntN(messages*100)
	case "states":
		e.count = 1 + r.IntN(8)
	case "microseconds":
		e.count = r.IntN(80_000)
	}
	return e
}

// secret signs the requests of some runs.
const secret = signaturetest.Secret

// config is the config of a run, for an endpoint.
func (s settings) config(url string) map[string]any {
	c := map[string]any{
		"url":              url,
		"on_rejected_rows": "dead_letter",
		"dead_letter":      map[string]any{"type": "local", "path": "letters"},
		"batching":         map[string]any{"max_rows": s.rows, "max_age_seconds": s.age, "compact": s.compact},
		"delivery": map[string]any{
			"max_concurrent_requests": s.concurrency, "adaptive_concurrency": s.adaptive,
			"request_timeout_seconds": s.timeout, "compression": s.compression,
			"retry": map[string]any{"max_attempts": 1000, "initial_interval_ms": 1, "max_interval_seconds": 0.02, "max_elapsed_seconds": 60},
		},
	}
	if s.signed {
		c["signing"] = map[string]any{"secret": secret}
	}
	return c
}

// receiver starts the endpoint's options.
func (s settings) receiver() receiver.Options {
	o := receiver.Options{Faults: s.faults, KeepRequests: 1 << 20, KeepBytes: 1 << 30}
	if s.signed {
		o.SigningSecrets = []string{secret}
	}
	return o
}
