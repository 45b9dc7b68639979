package destination

import (
	"context"
	"crypto/rand"
	"errors"
	"strconv"
	"sync"

	"destination-webhook/destination/audience"
	"destination-webhook/destination/engine"
	"destination-webhook/destination/failure"
	"destination-webhook/destination/manifest"
	"destination-webhook/destination/report"
	"destination-webhook/destination/sender"
)

// manifests are what the endpoint is told of the streams at the end of a sync.
type manifests struct {
	streams  []streamRun // none if there are no manifests
	progress *report.Progress
}

// streamRun is a stream whose requests have the id of this run. A sync that resumes a failed one
// has another, and knows nothing of what that one has sent.
type streamRun struct {
	*engine.Stream
	id     string
	sender *sender.Stream
}

// add adds a stream, before its first request.
func (m *manifests) add(s *engine.Stream, to *sender.Stream) {
	if s.Route.Manifest == nil {
		return
	}
	run := streamRun{s, "run_" + rand.Text(), to}
	s.Route.SetHeader(manifest.RunHeader, run.id)
	s.Route.SetHeader(manifest.GenerationHeader, strconv.FormatInt(s.Route.Configured.GenerationID, 10))
	m.streams = append(m.streams, run)
}

// send sends the manifests of all streams that were read to their end, once every row is
// settled. Several are in flight at once. The error names those that were not accepted.
func (m *manifests) send(ctx context.Context, p audience.Policy) error {
	results := make([]report.Manifest, len(m.streams))
	errs := make([]error, len(m.streams))
	var sending sync.WaitGroup
	for i, s := range m.streams {
		if reason := s.Status.Unfinished(p); reason != "" {
			m.progress.Warn("no manifest is sent", "stream", s.Route.Title(), "reason", reason)
			results[i] = report.Manifest{Outcome: report.ManifestWithheld, Run: s.id, Reason: reason}
			continue
		}
		sending.Go(func() {
			defer failure.RecoverTo(&errs[i])
			body := s.manifest(p)
			results[i] = report.Manifest{Outcome: report.ManifestFailed, Run: s.id, Batches: body.Batches, Digest: body.Digest}
			if errs[i] = s.sender.SendManifest(ctx, body); errs[i] == nil {
				results[i].Outcome = report.ManifestAccepted
			}
		})
	}
	sending.Wait()
	for i, s := range m.streams {
		m.progress.Manifested(s.Route, results[i])
	}
	return errors.Join(errs...)
}

func (s *streamRun) manifest(p audience.Policy) *manifest.Manifest {
	c, stream := s.Route.Configured, s.Route.Stream
	taken := s.sender.Taken()
	taken.Skipped += s.Skipped.Sum()
	return &manifest.Manifest{
		Type: manifest.Type, Run: s.id, Stream: stream.Name, Namespace: stream.Namespace, SyncMode: string(s.Route.Mode),
		SyncID: c.SyncID, GenerationID: c.GenerationID, MinimumGeneration: c.MinimumGenerationID,
		Removals: s.removals(p), Taken: taken,
	}
}

// removals says what became of the rows that left.
func (s *streamRun) removals(p audience.Policy) manifest.Removals {
	a := s.Audience
	switch {
	case a == nil || !a.Whole() || !a.SendsRemovals():
		return manifest.RemovalsNotDue
	case a.ReadWhole(p, s.Status):
		return manifest.RemovalsSent
	}
	return manifest.RemovalsWithheld
}
