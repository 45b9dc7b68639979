package receiver

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// Answer is the kind of answer that a failing request gets.
type Answer string

const (
	AnswerStatus    Answer = "status"     // Faults.Status; the zero Answer means the same
	AnswerClose     Answer = "close"      // reset the connection in the middle of the request body
	AnswerHang      Answer = "hang"       // no answer until the client goes away
	AnswerHalf      Answer = "half"       // 200, half of the announced body, then a reset
	AnswerRedirect  Answer = "redirect"   // Faults.Status, or 302, to another path of this receiver
	AnswerWrongJSON Answer = "wrong-json" // 200 with a body that breaks off inside its JSON
)

// Faults say how a Receiver misbehaves. The zero value behaves.
//
// Status and Answer befall every request, unless Every or Percent choose some of
// them. Latency, Reject, MaxBytes and Capacity hold for all.
type Faults struct {
	Status     int     // 200–599; 0 means 503 where another setting makes a request fail
	Answer     Answer  // what a failing request gets
	Every      int     // fail every n-th request; 0 for no choice
	Percent    float64 // fail this share of the requests, 0–100, by lots; 0 for no choice
	Seed       uint64  // of the lots: the same seed fails the same requests
	RetryAfter string  // Retry-After on failing and busy answers, sent as it stands

	Latency time.Duration // wait before every answer but that of Capacity

	RejectField string // refuse rows whose data has in this field, a path with dots,
	RejectValue string // this value: a string's text, any other value's JSON
	RejectRows  bool   // by a verdict that names the rows, in place of 400 for the batch

	MaxBytes int64 // 413 for a body above so many bytes on the wire; 0 for no limit

	Capacity       int // answer so many requests in parallel and refuse the others; 0 for any number
	CapacityStatus int // what the others get; 0 means 429
}

// active says whether anything makes a request fail.
func (f Faults) active() bool {
	return f.Status != 0 || f.Answer != "" || f.Every > 0 || f.Percent > 0
}

// String gives the settings that are not zero, as ParseFaults reads them.
func (f Faults) String() string {
	var set []string
	for _, s := range f.Settings() {
		if s.Value != "" {
			set = append(set, s.Name+"="+s.Value)
		}
	}
	return strings.Join(set, " ")
}

// ParseFaults reads settings such as "status=503 every=3 retry-after=2",
// separated by spaces. A value that holds a space needs Set.
func ParseFaults(text string) (Faults, error) {
	var f Faults
	for field := range strings.FieldsSeq(text) {
		name, value, found := strings.Cut(field, "=")
		if !found {
			return Faults{}, fmt.Errorf("fault %q: expected name=value", field)
		}
		if err := f.Set(name, value); err != nil {
			return Faults{}, err
		}
	}
	return f, nil
}

// dice decide which requests fail. They are not safe for concurrent use.
type dice struct {
	faults Faults
	seen   int // requests since these faults are in force
	random *rand.Rand
}

func newDice(f Faults) *dice {
	return &dice{faults: f, random: rand.New(rand.NewPCG(f.Seed, f.Seed))}
}

// throw says whether the next request fails.
func (d *dice) throw() bool {
	d.seen++
	f := d.faults
	if f.Every <= 0 && f.Percent <= 0 {
		return f.active()
	}
	nth := f.Every > 0 && d.seen%f.Every == 0
	lot := f.Percent > 0 && d.random.Float64()*100 < f.Percent
	return nth || lot
}
