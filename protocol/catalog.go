package protocol

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// SyncMode is a stream's destination_sync_mode.
type SyncMode string

// The destination sync modes of the protocol.
const (
	Append      SyncMode = "append"
	Overwrite   SyncMode = "overwrite"
	AppendDedup SyncMode = "append_dedup"
	Update      SyncMode = "update"
	SoftDelete  SyncMode = "soft_delete"

	// OverwriteDedup is the platform's own name of a full refresh that replaces all rows of each
	// key. It should arrive as AppendDedup with a generation, and yet it can arrive.
	OverwriteDedup SyncMode = "overwrite_dedup"
)

// syncModes are all that ParseCatalog accepts; the empty one is absent.
var syncModes = []SyncMode{"", Append, Overwrite, AppendDedup, Update, SoftDelete, OverwriteDedup}

// The sync modes: a stream is read whole, or only what is new in it.
const (
	FullRefresh = "full_refresh"
	Incremental = "incremental"
)

// Catalog is the configured catalog of a sync, as far as a destination reads it.
type Catalog struct {
	Streams []ConfiguredStream `json:"streams"`
}

// ConfiguredStream is one stream of a catalog.
type ConfiguredStream struct {
	Stream struct {
		Name                    string         `json:"name"`
		Namespace               string         `json:"namespace"`
		JSONSchema              jsontext.Value `json:"json_schema"`
		SourceDefinedPrimaryKey [][]string     `json:"source_defined_primary_key"`
	} `json:"stream"`
	SyncMode            string     `json:"sync_mode"`
	DestinationSyncMode SyncMode   `json:"destination_sync_mode"`
	PrimaryKey          [][]string `json:"primary_key"`

	// A refresh has a generation: records of generations below the minimum are to go. Zero if
	// the platform sends none.
	GenerationID        int64 `json:"generation_id"`
	MinimumGenerationID int64 `json:"minimum_generation_id"`
	SyncID              int64 `json:"sync_id"`

	// DiscoveredName is empty but for a stream of a discovered catalog, which ParseCatalog refuses.
	DiscoveredName string `json:"name"`
}

// Key is the stream's primary key as paths into its records: the configured one, or the source's
// own.
func (s *ConfiguredStream) Key() [][]string {
	if len(s.PrimaryKey) > 0 {
		return s.PrimaryKey
	}
	return s.Stream.SourceDefinedPrimaryKey
}

// Replaces reports whether the records of the sync take the place of all earlier ones. With
// refreshes supported the platform asks for it by an append whose generation is the least one to
// keep.
func (s *ConfiguredStream) Replaces() bool {
	overwrites := s.DestinationSyncMode == Overwrite || s.DestinationSyncMode == OverwriteDedup
	return overwrites || s.Truncates() && s.Whole()
}

// Whole reports whether the sync reads the whole stream: a full refresh does, and an incremental
// sync whose generation is the least one to keep. PyAirbyte says that of every sync, by a
// generation and a sync of 1, and means nothing by it.
func (s *ConfiguredStream) Whole() bool {
	return s.SyncMode == FullRefresh || s.Truncates() && (s.GenerationID > 1 || s.SyncID > 1)
}

// Truncates reports whether records of generations before this one are to go; see Whole on what
// that tells of an incremental sync.
func (s *ConfiguredStream) Truncates() bool {
	return s.GenerationID > 0 && s.GenerationID == s.MinimumGenerationID
}

// ParseCatalog reads a configured catalog. An absent and a null field are the same, and unknown
// fields are ignored. A byte order mark in front is ignored too.
func ParseCatalog(raw []byte) (*Catalog, error) {
	raw = bytes.TrimPrefix(raw, []byte(byteOrderMark))
	if err := checkForm(raw); err != nil {
		return nil, err
	}
	var c struct {
		Streams *[]ConfiguredStream `json:"streams"`
	}
	if err := json.Unmarshal(raw, &c, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)); err != nil {
		return nil, fmt.Errorf("reading the catalog: %w", err)
	}
	if c.Streams == nil {
		return nil, errors.New("reading the catalog: it has no \"streams\": pass a configured catalog, not the output of discover")
	}
	for i := range *c.Streams {
		if err := (*c.Streams)[i].check(i); err != nil {
			return nil, err
		}
	}
	return &Catalog{Streams: *c.Streams}, nil
}

// check refuses stream number i if no sync could follow it.
func (s *ConfiguredStream) check(i int) error {
	switch {
	case s.Stream.Name == "" && s.DiscoveredName != "":
		return fmt.Errorf("reading the catalog: stream %q has no \"stream\": it is a discovered catalog; pass the configured one, which also has the sync modes", s.DiscoveredName)
	case s.Stream.Name == "":
		return fmt.Errorf("reading the catalog: stream %d has no name", i)
	case !slices.Contains(syncModes, s.DestinationSyncMode):
		return fmt.Errorf("reading the catalog: stream %q has destination_sync_mode %q: expected append, overwrite, append_dedup, update or soft_delete", s.Stream.Name, s.DestinationSyncMode)
	case slices.ContainsFunc(s.Key(), func(path []string) bool { return len(path) == 0 }):
		return fmt.Errorf("reading the catalog: stream %q has a primary key with an empty path", s.Stream.Name)
	}
	return nil
}
