package report

import "destination-webhook/destination/route"

// ManifestOutcome is what became of a manifest.
type ManifestOutcome string

// The outcomes of manifests. After a sync that failed before its end there is none.
const (
	ManifestAccepted ManifestOutcome = "accepted"
	// The endpoint has not accepted it, and the sync has failed.
	ManifestFailed   ManifestOutcome = "failed"
	ManifestWithheld ManifestOutcome = "withheld" // the stream was not read to its end
)

// Manifest is what became of a stream's manifest.
type Manifest struct {
	Outcome ManifestOutcome `json:"outcome"`
	Run     string          `json:"run"`
	Batches int64           `json:"batches"` // this and the digest as the manifest has them
	Digest  string          `json:"digest,omitzero"`
	Reason  string          `json:"reason,omitzero"` // why it was withheld
}

// Manifested notes what became of a stream's manifest.
func (p *Progress) Manifested(r *route.Route, m Manifest) {
	if p.manifests == nil {
		p.manifests = make(map[*route.Route]*Manifest)
	}
	p.manifests[r] = &m
}
