package destination

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"destination-webhook/protocol"
)

// reportVersion is raised by every change that a reader of reports could trip over.
const reportVersion = 1

// report is what a sync leaves behind for programs; docs/report.schema.json describes it.
type report struct {
	Version int     `json:"report_version"`
	Program string  `json:"program"` // its name and version
	Job     string  `json:"job_id,omitzero"`
	Attempt string  `json:"attempt,omitzero"`
	Outcome outcome `json:"outcome"`

	BeganAt time.Time      `json:"began_at"`
	EndedAt time.Time      `json:"ended_at"`
	Failure *reportFailure `json:"failure,omitzero"`

	Endpoint    string           `json:"endpoint,omitzero"`
	DeadLetters string           `json:"dead_letters,omitzero"` // where rejected rows are
	Streams     []streamReport   `json:"streams"`
	Totals      reportCounts     `json:"totals"`
	Statuses    map[string]int64 `json:"requests_by_status"`
	States      int64            `json:"states"`
	LastStateAt time.Time        `json:"last_state_at,omitzero"`
}

type outcome string

const (
	succeeded   outcome = "succeeded"
	failed      outcome = "failed"
	interrupted outcome = "interrupted" // by a signal
)

type reportFailure struct {
	Type    protocol.FailureType `json:"type"`
	Message string               `json:"message"`
}

type streamReport struct {
	Stream string `json:"stream"`
	Mode   string `json:"sync_mode"`
	reportCounts
}

type reportCounts struct {
	Delivered int64         `json:"rows_delivered"`
	Rejected  int64         `json:"rows_rejected"`
	Skipped   int64         `json:"rows_skipped"`
	Batches   int64         `json:"batches"`
	Requests  int64         `json:"requests"`
	Retries   int64         `json:"retries"`
	Bytes     int64         `json:"bytes"` // of bodies, uncompressed
	Latency   reportLatency `json:"latency_seconds"`
}

// reportLatency is how long the endpoint took for what it accepted.
type reportLatency struct {
	P50 float64 `json:"p50"`
	P95 float64 `json:"p95"`
	Max float64 `json:"max"`
}

// newReport returns the report of a sync that ended with err. The summary is nil if the sync did not
// get as far as its streams.
func (p *Program) newReport(s *summary, began time.Time, how outcome, err error, redact func(string) string) *report {
	r := &report{
		Version: reportVersion, Program: p.agent(), Job: p.Getenv("WORKER_JOB_ID"), Attempt: p.Getenv("WORKER_JOB_ATTEMPT"),
		Outcome: how, BeganAt: began.UTC(), EndedAt: time.Now().UTC(), Streams: []streamReport{}, Statuses: map[string]int64{},
	}
	if how == failed {
		message, _ := describe(err)
		r.Failure = &reportFailure{failureType(err), redact(message)}
	}
	if s == nil {
		return r
	}
	r.Endpoint, r.DeadLetters, r.States, r.Statuses = s.endpoint, redact(s.deadLetters), s.states, s.statuses
	if s.states > 0 {
		r.LastStateAt = s.lastState.UTC()
	}
	for i := range s.streams {
		t := &s.streams[i]
		r.Streams = append(r.Streams, streamReport{redact(t.name), t.mode, t.report(t.skipped)})
	}
	r.Totals = s.total.report(s.skipped)
	return r
}

func (t *streamStats) report(skipped int64) reportCounts {
	return reportCounts{
		Delivered: t.rows, Rejected: t.rejected, Skipped: skipped,
		Batches: t.batches, Requests: t.requests, Retries: t.retries, Bytes: t.bytes,
		Latency: reportLatency{t.latency.quantile(0.5).Seconds(), t.latency.quantile(0.95).Seconds(), t.latency.max.Seconds()},
	}
}

// write puts the report into a file, whole or not at all: what reads the file while a sync ends
// finds the report of the last one, or this one.
func (r *report) write(path string) (err error) {
	text, err := json.Marshal(r, jsontext.WithIndent("  "), jsontext.EscapeForHTML(false), jsontext.AllowInvalidUTF8(true))
	if err != nil {
		return fmt.Errorf("encoding the report: %w", err)
	}
	file, err := os.CreateTemp(filepath.Dir(path), ".report-") // for its owner alone
	if err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	_, err = file.Write(append(text, '\n'))
	if err = errors.Join(err, file.Close()); err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		_ = os.Remove(file.Name())
		return fmt.Errorf("writing the report: %w", err)
	}
	return nil
}
