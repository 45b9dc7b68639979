package destination

import (
	"context"
	"errors"
	"time"

	"destination-webhook/destination/config"
	"destination-webhook/destination/outbound"
	"destination-webhook/destination/report"
)

// reportTime bounds how long the end of a sync waits for the place of its report, retries included.
const reportTime = 10 * time.Second

// leaveReport writes the report of a sync that ended with err to the places that the command line
// and the config name.
func (p *Program) leaveReport(s *session, began time.Time, how report.Outcome, err error) error {
	if p.Report == "" && (s.network == nil || !s.config.Report.Chosen()) {
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
	return errors.Join(failed, s.sendReport(text, began))
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
func (s *session) sendReport(text []byte, began time.Time) error {
	if s.network == nil { // the sync failed before its config was read
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), reportTime)
	defer cancel()
	place, err := reportPlaceOf(s.config, s.network, s.agent)
	if err != nil || place == nil {
		return err
	}
	return place.write(ctx, text, began)
}

// unreadyReport returns why a sync could not leave its report, for a check to mention; nil if it
// could, or if the config asks for none.
func unreadyReport(ctx context.Context, c *config.Config, n *outbound.Network) error {
	ctx, cancel := context.WithTimeout(ctx, reportTime)
	defer cancel()
	place, err := reportPlaceOf(c, n, "")
	if err != nil || place == nil {
		return err
	}
	return place.probe(ctx)
}
