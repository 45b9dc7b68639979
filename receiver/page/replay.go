package page

import (
	"net/http"
	"time"

	"destination-webhook/receiver/journal"
)

// replayed is what the target answered to a request that was sent again.
type replayed struct {
	Status int    `json:"status"`
	Answer string `json:"answer"`
	Target string `json:"target"`
	Signed bool   `json:"signed"` // with a fresh timestamp
}

// replay sends a kept request to the configured target again.
func (p *page) replay(w http.ResponseWriter, req *http.Request, q *journal.Request) {
	switch {
	case p.Relay == nil:
		writeJSON(w, http.StatusConflict, problem{Error: "there is no target to send it to: start the receiver with --forward"})
		return
	case q.Body == nil && q.Bytes > 0:
		writeJSON(w, http.StatusConflict, problem{Error: "the body of this request was too large to keep"})
		return
	}
	answer, err := p.Relay.Send(req.Context(), q, time.Now())
	if err != nil {
		writeJSON(w, http.StatusBadGateway, problem{Error: err.Error()})
		return
	}
	text, _ := journal.Cut([]byte(answer.Body), shownBytes)
	writeJSON(w, http.StatusOK, replayed{answer.Status, text, p.Relay.Target(), p.Relay.Signs()})
}
