package destination

import (
	"destination-webhook/destination/report"
	"destination-webhook/destination/sender"
	"destination-webhook/destination/telemetry"
)

// startTelemetry begins to push what the environment asks for. What it cannot do is a warning:
// telemetry fails no sync.
func (s *session) startTelemetry(getenv func(string) string, version string) {
	settings, err := telemetry.FromEnvironment(getenv)
	if err != nil {
		s.progress.Warn("there is no telemetry of this sync", "error", err)
	}
	if settings == nil || err != nil {
		return
	}
	s.redactor.Add(settings.Secrets()...)
	transport, err := s.network.Reach(settings.URLs()...)
	if err != nil {
		s.progress.Warn("there is no telemetry of this sync", "error", err)
		return
	}
	s.telemetry = telemetry.Start(telemetry.Options{
		Settings: settings, Transport: transport, Trace: s.network.Trace, Redact: s.out.Redact, Version: version,
	})
	s.network.Phases = s.telemetry.RecordsSpans()
	s.progress.MeasureWith(s.telemetry.Measure)
}

// tracer records the spans of batches; nil if none is recorded.
func (s *session) tracer() sender.Tracer {
	if s.telemetry == nil || !s.telemetry.RecordsSpans() {
		return nil
	}
	return s.telemetry
}

// endTelemetry pushes what is left of a sync that ended with err. Its own error says what was lost.
func (s *session) endTelemetry(how report.Outcome, err error) error {
	if s.telemetry == nil {
		return nil
	}
	var problem string
	if err != nil {
		problem, _ = describe(err)
	}
	return s.telemetry.Close(how, problem)
}
