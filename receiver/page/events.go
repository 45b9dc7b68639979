package page

import (
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"time"

	"destination-webhook/receiver/faults"
	"destination-webhook/receiver/journal"
)

const (
	// eventInterval is the shortest time between two events, so that an eye can follow a busy sync.
	eventInterval = 250 * time.Millisecond

	// maxRequests bounds the requests of one event, so that the page has time for frames between
	// them.
	maxRequests = 500

	// heartbeat keeps proxies from closing a quiet stream.
	heartbeat = 15 * time.Second
)

// event is what has changed since the last one.
type event struct {
	Now int64 `json:"now"` // Unix milliseconds
	// When the receiver started, in Unix milliseconds. Another one numbers its requests from 1.
	Started  int64             `json:"started"`
	Totals   journal.Totals    `json:"totals"`
	Seconds  []journal.Second  `json:"seconds"`
	Requests []summary         `json:"requests"` // in order of arrival
	Faults   map[string]string `json:"faults"`
	InForce  string            `json:"in_force"` // the faults as one line; "" for none
	Keeps    Keeps             `json:"keeps"`
	Target   string            `json:"target"` // of forwarded and replayed requests; "" for none
	Signed   bool              `json:"signed"` // signatures are verified
	Oldest   int64             `json:"oldest"` // requests before it are no longer kept

	Claims journal.Comparison `json:"claims"` // of the states that were given
}

// Keeps are the bounds of what is kept.
type Keeps struct {
	Requests int   `json:"requests"`
	Bytes    int64 `json:"bytes"`
}

// events streams changes to the page until it is closed. Nothing is queued for a slow page: it gets
// what has changed by the time it reads.
func (p *page) events(w http.ResponseWriter, req *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	out := http.NewResponseController(w)
	_ = out.SetReadDeadline(time.Time{}) // a recorder of a test has none
	var from journal.Cursor
	for {
		content, changed := p.next(&from, time.Now())
		if err := writeEvent(w, content); err != nil || out.Flush() != nil {
			return
		}
		if !p.pause(req, eventInterval, nil) || !p.pause(req, heartbeat, changed) {
			return
		}
	}
}

// writeEvent writes the event, and events of the name "more" for the requests that are too many for
// it.
func writeEvent(w io.Writer, e event) error {
	first := e.Requests[:min(len(e.Requests), maxRequests)]
	more := e.Requests[len(first):]
	e.Requests = first
	if err := writeData(w, "message", e); err != nil {
		return err
	}
	for piece := range slices.Chunk(more, maxRequests) {
		if err := writeData(w, "more", map[string][]summary{"requests": piece}); err != nil {
			return err
		}
	}
	return nil
}

func writeData(w io.Writer, name string, content any) error {
	line, err := json.Marshal(content)
	if err != nil {
		return err
	}
	_, err = w.Write(slices.Concat([]byte("event: "+name+"\ndata: "), line, []byte("\n\n")))
	return err
}

// pause waits for d or the change, and reports whether the page still listens.
func (p *page) pause(req *http.Request, d time.Duration, change <-chan struct{}) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-change:
		return true
	case <-req.Context().Done():
	case <-p.Closing:
	}
	return false
}

// next returns the event of what has changed after the cursor, and a channel that is closed at the
// next change.
func (p *page) next(c *journal.Cursor, now time.Time) (event, <-chan struct{}) {
	inForce := p.Faults.Faults()
	changes, changed := p.Journal.Since(c, now)
	e := event{
		Now: now.UnixMilli(), Started: p.started.UnixMilli(), Totals: changes.Totals, Seconds: changes.Seconds,
		Faults: formOf(inForce), InForce: inForce.String(), Keeps: p.Keeps, Signed: p.Signed, Oldest: changes.Oldest, Claims: p.Journal.Compare(),
	}
	if p.Relay != nil {
		e.Target = p.Relay.Target()
	}
	for i := range changes.Requests {
		e.Requests = append(e.Requests, summaryOf(&changes.Requests[i]))
	}
	return e, changed
}

// formOf returns every fault by name, as the page's form shows them.
func formOf(f faults.Faults) map[string]string {
	form := map[string]string{}
	for _, s := range f.Settings() {
		form[s.Name] = s.Value
	}
	return form
}
