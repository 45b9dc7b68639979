package receiver

import (
	"cmp"
	"context"
	"net/http"
	"time"

	"destination-webhook/receiver/faults"
	"destination-webhook/receiver/journal"
)

// forward returns what the target answers, or 502 if it does not.
func (r *Receiver) forward(ctx context.Context, in *Request) answer {
	got, err := r.relay.Send(ctx, in, time.Now())
	if err != nil {
		return refuse(http.StatusBadGateway, "forward", journal.Short(err.Error(), journal.MaxProblem))
	}
	return answer{
		Outcome: journal.Outcome{Status: got.Status, Rejected: got.Rejected, Body: got.Body},
		own:     true, contentType: got.ContentType, retryAfter: got.RetryAfter,
	}
}

// scripted returns the answer of a step.
func scripted(step *faults.Step, in *Request) answer {
	if step.Reset {
		return answer{kind: AnswerClose, Outcome: journal.Outcome{Fault: "script"}}
	}
	a := answer{Outcome: journal.Outcome{Status: cmp.Or(step.Status, http.StatusOK), Fault: "script"}}
	if len(step.Body) > 0 {
		a.Body, a.own = step.Text(), true
	}
	if a.Accepts() {
		a.Rejected = journal.Verdict([]byte(a.Body), in.Rows)
	}
	return a
}
