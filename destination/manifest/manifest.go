package manifest

import (
	_ "embed"
	"encoding/json"
)

// Schema is a JSON Schema (2020-12) of manifests.
//
//go:embed manifest.schema.json
var Schema []byte

// Type is what the member type of a manifest says. No other body that is sent has it.
const Type = "manifest"

// The headers of all requests of a stream that has a manifest.
const (
	RunHeader        = "Airbyte-Run"        // which requests the manifest covers
	GenerationHeader = "Airbyte-Generation" // generation_id of the catalog: which runs belong together
)

// Manifest is the body of a request that ends a stream. [Schema] describes it.
type Manifest struct {
	Type      string `json:"type"`
	Run       string `json:"run"` // that of [RunHeader]
	Stream    string `json:"stream"`
	Namespace string `json:"namespace,omitempty"`
	SyncMode  string `json:"sync_mode"`
	// This and the generations are 0 if the platform sends none.
	SyncID            int64    `json:"sync_id"`
	GenerationID      int64    `json:"generation_id"`
	MinimumGeneration int64    `json:"minimum_generation_id"`
	Removals          Removals `json:"removals"`
	Taken
}

// Taken is what the endpoint has taken of a stream, by its answers.
type Taken struct {
	Batches int64  `json:"batches"` // requests with rows that it accepted
	Digest  string `json:"digest"`  // of their Webhook-Ids, see [Digest]
	// Webhook-Ids that it may know, and that are not among them.
	Superseded []string `json:"superseded"`
	Accepted   Rows     `json:"accepted"`
	Rejected   int64    `json:"rejected"` // rows
	Skipped    int64    `json:"skipped"`  // rows that did not have to be sent
}

// Rows are numbers of rows by their operations.
type Rows struct {
	Added    int64 `json:"added"`
	Changed  int64 `json:"changed"`
	Removed  int64 `json:"removed"`
	Upserted int64 `json:"upserted"` // those without an operation
}

// Plus returns the sums of both.
func (r Rows) Plus(other Rows) Rows {
	return Rows{r.Added + other.Added, r.Changed + other.Changed, r.Removed + other.Removed, r.Upserted + other.Upserted}
}

// Removals reports whether the rows that left the source were sent as removed.
type Removals string

// What became of the rows that left.
const (
	RemovalsSent     Removals = "sent"     // if there were any
	RemovalsWithheld Removals = "withheld" // the reason is in the log of the sync
	// The sync reads no whole stream, or its mode sends no removals.
	RemovalsNotDue Removals = "not_due"
)

// Encode returns the manifest as JSON.
func (m *Manifest) Encode() []byte {
	text, _ := json.Marshal(m) // texts and numbers always encode
	return text
}
