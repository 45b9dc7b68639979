package receiver

import (
	"encoding/json"
	"net/http"
	"slices"
	"time"
)

const (
	// eventInterval is the shortest time between two events: a busy sync comes to
	// the page in pieces that an eye can follow.
	eventInterval = 250 * time.Millisecond

	// heartbeat keeps proxies from closing a quiet stream.
	heartbeat = 15 * time.Second

	// eventRequests bounds the requests of one event; older ones are left out.
	eventRequests = 500
)

// event is what has changed since the last one.
type event struct {
	Now      int64             `json:"now"`     // Unix milliseconds
	Started  int64             `json:"started"` // the receiver, likewise: another one numbers its requests anew
	Totals   Totals            `json:"totals"`
	Seconds  []second          `json:"seconds"`
	Requests []summary         `json:"requests"` // in order of arrival
	Faults   map[string]string `json:"faults"`
	InForce  string            `json:"in_force"` // the faults as one line; "" for none
	Keeps    keeps             `json:"keeps"`
}

// keeps are the bounds of what is kept.
type keeps struct {
	Requests int   `json:"requests"`
	Bytes    int64 `json:"bytes"`
}

// events streams changes to the page until it is closed. Nothing is queued for a
// slow page: it gets what has changed by the time it reads.
func (p *page) events(w http.ResponseWriter, req *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	out := http.NewResponseController(w)
	var from cursor
	for {
		content, next := p.receiver.since(&from, time.Now())
		line, err := json.Marshal(content)
		if err != nil {
			return
		}
		if _, err := w.Write(slices.Concat([]byte("data: "), line, []byte("\n\n"))); err != nil || out.Flush() != nil {
			return
		}
		if !p.pause(req, eventInterval, nil) || !p.pause(req, heartbeat, next) {
			return
		}
	}
}

// pause waits for d or the change, and says whether there is still somebody to
// tell.
func (p *page) pause(req *http.Request, d time.Duration, change <-chan struct{}) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-change:
		return true
	case <-req.Context().Done():
	case <-p.receiver.closing:
	}
	return false
}

// cursor is how far a reader of events has come.
type cursor struct {
	revision int64
	second   int64
}

// since returns what has changed after the cursor, moves it, and gives a channel
// that is closed at the next change.
func (r *Receiver) since(c *cursor, now time.Time) (event, <-chan struct{}) {
	faults := r.Faults()
	e := event{Now: now.UnixMilli(), Started: r.started.UnixMilli(), Faults: formOf(faults), InForce: faults.String(), Keeps: keeps{r.options.KeepRequests, r.options.KeepBytes}}

	j := r.journal
	j.mu.Lock()
	defer j.mu.Unlock()
	e.Totals = j.totals.snapshot()
	e.Seconds = j.totals.history.since(c.second, now.Unix())
	for _, q := range slices.Backward(j.kept) {
		if len(e.Requests) == eventRequests {
			break
		}
		if q.revision > c.revision {
			e.Requests = append(e.Requests, summaryOf(q))
		}
	}
	slices.Reverse(e.Requests)
	c.revision, c.second = j.revision, now.Unix()
	return e, j.next()
}

// formOf gives every fault by name, as the page's form shows them.
func formOf(f Faults) map[string]string {
	form := map[string]string{}
	for _, s := range f.Settings() {
		form[s.Name] = s.Value
	}
	return form
}
