package destination

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"destination-webhook/destination/config"
	"destination-webhook/destination/delivery"
	"destination-webhook/destination/outbound"
	"destination-webhook/destination/payload"
	"destination-webhook/destination/report"
)

// reportTime bounds how long the end of a sync waits for the place of its report, retries included.
const reportTime = 10 * time.Second

// leaveReport writes the report of a sync that ended with err to the places that the command line
// and the config name.
func (p *Program) leaveReport(s *session, began time.Time, how report.Outcome, err error) error {
	var out config.Output
	if s.network != nil {
		out = s.config.Report
	}
	if p.Report == "" && (out.Type == config.NoStorage || out.Type == "") {
		return nil
	}
	text, err := p.report(s, began, how, err).Encode()
	if err != nil {
		return err
	}
	var failed error
	if p.Report != "" {
		failed = report.WriteFile(p.Report, text)
	}
	return errors.Join(failed, s.sendReport(out, text, began))
}

// report returns the report of a sync that ended with err.
func (p *Program) report(s *session, began time.Time, how report.Outcome, err error) *report.File {
	f := report.NewFile(s.summary(), s.out.Redact)
	f.Program, f.Job, f.Attempt = s.agent, p.Getenv("WORKER_JOB_ID"), p.Getenv("WORKER_JOB_ATTEMPT")
	f.Outcome, f.BeganAt, f.EndedAt = how, began.UTC(), time.Now().UTC()
	if s.network != nil {
		f.Trace = s.network.Trace.ID.String()
	}
	if how == report.Failed {
		message, _ := describe(err)
		f.Failure = &report.Failure{Type: failureType(err), Message: s.out.Redact(message)}
	}
	return f
}

// sendReport brings the report to the place that the config names. The sync has ended, maybe by a
// signal, so the time that this may take is its only bound.
func (s *session) sendReport(out config.Output, text []byte, began time.Time) error {
	ctx, cancel := context.WithTimeout(context.Background(), reportTime)
	defer cancel()
	switch out.Type {
	case config.LocalStorage:
		return report.WriteFile(out.Path, text)
	case config.S3Storage:
		b, err := s.network.Bucket(&out.S3)
		if err != nil {
			return fmt.Errorf("opening the bucket of the report: %w", err)
		}
		return b.Create(ctx, fmt.Sprintf("report-%s-%s.json", began.UTC().Format("20060102T150405.000Z"), rand.Text()[:8]), text)
	case config.WebhookStorage:
		_, err := s.network.PlainClient().Deliver(ctx, reportRequest(&out, text, s.agent))
		return err
	}
	return nil
}

// reportRequest is the request that carries a report; for a check it has none.
func reportRequest(out *config.Output, text []byte, agent string) delivery.Request {
	h := http.Header{"Content-Type": {"application/json"}, "User-Agent": {agent}}
	if out.AuthorizationHeader != "" {
		h.Set("Authorization", out.AuthorizationHeader.Reveal())
	}
	id := payload.Identity{Method: http.MethodPost, URL: out.URL}
	return delivery.Request{Method: id.Method, URL: id.URL, Header: h, ID: id.WebhookID(text), Body: text, Rows: 1}
}

// unreadyReport returns why a sync could not leave its report, for a check to mention; nil if it
// could, or if the config asks for none.
func unreadyReport(ctx context.Context, c *config.Config, n *outbound.Network) (err error) {
	ctx, cancel := context.WithTimeout(ctx, reportTime)
	defer cancel()
	switch c.Report.Type {
	case config.LocalStorage:
		_, err = os.Stat(filepath.Dir(c.Report.Path))
	case config.S3Storage:
		_, err = n.Bucket(&c.Report.S3)
	case config.WebhookStorage:
		_, err = n.PlainCheckClient().Probe(ctx, delivery.Request{Method: http.MethodHead, URL: c.Report.URL})
	}
	return err
}
