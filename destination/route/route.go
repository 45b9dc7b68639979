// Package route determines where the rows of each stream go, and how. It knows the config and the
// catalog, and neither records nor requests.
package route

import (
	"cmp"
	"fmt"
	"net/http"
	"strings"

	"destination-webhook/destination/answer"
	"destination-webhook/destination/config"
	"destination-webhook/destination/jq"
	"destination-webhook/destination/jsonschema"
	"destination-webhook/destination/printable"
	"destination-webhook/protocol"
)

// Route is where the rows of one stream go, and how. It is read-only once its audience is open.
type Route struct {
	Stream     protocol.StreamDescriptor
	Configured *protocol.ConfiguredStream // the stream in the catalog
	Mode       config.SyncMode            // never config.Auto
	Key        [][]string                 // paths of the primary key's fields; empty if there is none
	PartialKey bool                       // a row may have no value for some fields of its key
	Answers    *answer.Rules              // how answers are read
	Payload    config.Payload             // what bodies look like
	Transform  *jq.Program                // that of Payload; nil: rows are sent as they come
	Schema     *jsonschema.Schema         // that of Payload; nil: any row is sent
	Manifest   *Endpoint                  // of the stream's manifest; nil: none is sent
	Endpoint                              // of the operations that have no other

	operations map[string]*Endpoint // see To; nil: all rows go to Endpoint
	used       []string             // the operations that the mode sends
}

// Title returns the stream's name for people.
func (r *Route) Title() string { return Title(r.Stream) }

// Title returns the name of any stream for people.
func Title(s protocol.StreamDescriptor) string {
	name := s.Name
	if s.Namespace != "" {
		name = s.Namespace + "." + name
	}
	return printable.Name(name)
}

// newRoute resolves what holds for a stream: an override takes precedence over the config, and the
// config over the catalog.
func newRoute(c *config.Config, settings config.Stream, s *protocol.ConfiguredStream, agent string, compiled *compiled) (*Route, error) {
	r := &Route{
		Stream:     s.Descriptor(),
		Configured: s,
		Mode:       settings.SyncMode,
		Key:        s.Key(),
		PartialKey: c.OnMissingKey == config.SendMissingKey,
		Payload:    settings.Payload,
	}
	var err error
	if r.Answers, err = compiled.programs.answers(settings.Answers); err == nil {
		r.Transform, err = compiled.programs.compile("payload.transform", r.Payload.Transform, config.TransformVariables...)
	}
	if err == nil {
		r.Schema, err = compiled.schemas.compile(r.Payload.Schema)
	}
	if err != nil {
		return nil, fmt.Errorf("stream %s: %w", r.Title(), err)
	}
	if len(settings.PrimaryKey) > 0 {
		r.Key = settings.PrimaryKey
	}
	if r.Mode == config.Auto {
		r.Mode = modeOf(s, len(r.Key) > 0 && c.Snapshot.Chosen())
	}
	r.used = operationsOf(r.Mode, c.Snapshot.Chosen())
	header := r.describe(Header(c, settings.Headers, agent))
	header.Set("Content-Type", r.Payload.MediaType())
	r.direct(settings, header)
	if c.Manifest.Chosen() {
		r.Manifest = manifestEndpoint(c.Manifest, settings.URL, header)
	}
	return r, cmp.Or(r.check(), r.checkEndpoints(c))
}

// maxKey is how many fields a key has: each is looked for among all of them in every row.
const maxKey = 200

// check refuses a key that no record could have, and a mode that needs one without it.
func (r *Route) check() error {
	if len(r.Key) > maxKey {
		return fmt.Errorf("stream %s: its primary key has more than %d fields: choose fewer in the connection, or in streams[].primary_key", r.Title(), maxKey)
	}
	for _, path := range r.Key {
		if len(path) == 0 {
			return fmt.Errorf("stream %s: its primary key has an empty path: check primary_key in the catalog", r.Title())
		}
	}
	if r.Mode != config.Insert && len(r.Key) == 0 {
		return fmt.Errorf("stream %s: sync mode %s needs a primary key: choose one in the connection, set streams[].primary_key, or use insert", r.Title(), r.Mode)
	}
	if r.Payload.HidesRemovals(r.Mode) && (r.To(removed) == r.To(added) || r.To(removed) == r.To(changed)) {
		return fmt.Errorf("stream %s: sync mode %s sends removed rows, and in the format %s they look like all others: set payload.row to full, use $operation in payload.transform, or set operations.removed", r.Title(), r.Mode, r.Payload.Format)
	}
	return nil
}

// describe adds the headers that name the stream.
func (r *Route) describe(h http.Header) http.Header {
	h.Set("Airbyte-Stream", PercentEncode(r.Stream.Name))
	if r.Stream.Namespace != "" {
		h.Set("Airbyte-Namespace", PercentEncode(r.Stream.Namespace))
	}
	return h
}

// modeOf returns the mode that a stream's destination sync mode asks for. To take the place of all
// earlier rows needs a key and a snapshot.
func modeOf(s *protocol.ConfiguredStream, compared bool) config.SyncMode {
	switch {
	case compared && s.Replaces():
		return config.Mirror
	case s.DestinationSyncMode == protocol.AppendDedup, s.DestinationSyncMode == protocol.OverwriteDedup, s.DestinationSyncMode == protocol.Update:
		return config.Upsert
	case s.DestinationSyncMode == protocol.SoftDelete:
		return config.Remove
	}
	return config.Insert
}

// Header returns what every request with the additional headers carries, whatever its stream.
func Header(c *config.Config, additional []config.Header, agent string) http.Header {
	h := http.Header{"Content-Type": {"application/json"}, "User-Agent": {agent}}
	for _, extra := range additional {
		h.Set(extra.Name, extra.Value.Reveal())
	}
	if value := c.AuthorizationHeader.Reveal(); value != "" {
		h.Set("Authorization", value)
	}
	if value := c.APIKey.Reveal(); value != "" {
		h.Set("X-Api-Key", value)
	}
	return h
}

// PercentEncode keeps visible ASCII, except the percent sign, so that any name fits a header.
func PercentEncode(s string) string {
	plain := func(c byte) bool { return c > ' ' && c < 0x7F && c != '%' }
	var b strings.Builder
	for i := range len(s) {
		if plain(s[i]) {
			b.WriteByte(s[i])
		} else {
			fmt.Fprintf(&b, "%%%02X", s[i])
		}
	}
	return b.String()
}
