package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"destination-webhook/protocol"
)

// Stream has the settings of one stream. In Config.Streams an empty field means the setting of the
// Config; Overrides.Stream fills them all.
type Stream struct {
	Stream    string   `json:"stream"`
	Namespace string   `json:"namespace"`
	URL       string   `json:"url"`
	Method    string   `json:"method"`
	SyncMode  SyncMode `json:"sync_mode"`
	// Operations has the routes by which the URL and the method are not meant.
	Operations Operations `json:"operations"`
	// Headers are added to those of the Config, and take the place of those with the same name.
	Headers []Header `json:"headers"`
	// PrimaryKey has one path for each field of the key, and replaces the catalog's key. It is
	// empty if the catalog's key applies.
	PrimaryKey [][]string `json:"primary_key"`
	Answers    Answers    `json:"answers"`
	Payload    Payload    `json:"payload"`
}

// matches reports whether the override applies to a stream. Without a namespace it applies to the
// streams of its name in all namespaces.
func (s Stream) matches(stream protocol.StreamDescriptor) bool {
	return s.Stream == stream.Name && (s.Namespace == "" || s.Namespace == stream.Namespace)
}

// Descriptor returns what the override names.
func (s Stream) Descriptor() protocol.StreamDescriptor {
	return protocol.StreamDescriptor{Namespace: s.Namespace, Name: s.Stream}
}

// Overrides finds the settings of streams.
type Overrides struct {
	config *Config
	byName map[string][]Stream
}

// Overrides returns the overrides of c by the names of their streams: catalog and config may both
// have thousands.
func (c *Config) Overrides() Overrides {
	o := Overrides{config: c, byName: make(map[string][]Stream)}
	for _, override := range c.Streams {
		o.byName[override.Stream] = append(o.byName[override.Stream], override)
	}
	return o
}

// Stream returns the settings that hold for a stream: those of its override, and the config's own
// if it says nothing. An override with the stream's namespace takes precedence over one without a
// namespace. What an override says of an operation takes precedence over its URL and method, these
// over what the config says of the operation, and that over the config's URL and method.
func (o Overrides) Stream(stream protocol.StreamDescriptor) Stream {
	var override Stream
	for _, candidate := range o.byName[stream.Name] {
		if candidate.matches(stream) && len(candidate.Namespace) >= len(override.Namespace) {
			override = candidate
		}
	}
	base := OperationRoute{Method: cmp.Or(override.Method, o.config.Method), URL: cmp.Or(override.URL, o.config.URL)}
	own := all(OperationRoute{Method: override.Method, URL: override.URL})
	return Stream{
		Stream:     stream.Name,
		Namespace:  stream.Namespace,
		URL:        base.URL,
		Method:     base.Method,
		SyncMode:   cmp.Or(override.SyncMode, o.config.SyncMode),
		Operations: override.Operations.or(own).or(o.config.Operations).or(all(base)).withBodies(),
		Headers:    mergeHeaders(o.config.Headers, override.Headers),
		PrimaryKey: override.PrimaryKey,
		Answers:    override.Answers.or(o.config.Answers),
		Payload:    override.Payload.or(o.config.Payload),
	}
}

// mergeHeaders returns the headers of base, and others, which take the place of those with the same
// name.
func mergeHeaders(base, others []Header) []Header {
	replaced := func(h Header) bool {
		return slices.ContainsFunc(others, func(other Header) bool { return strings.EqualFold(h.Name, other.Name) })
	}
	return append(slices.DeleteFunc(slices.Clone(base), replaced), others...)
}

func (c *Config) checkStreams(problems *problemList) {
	seen, overrides := make(map[protocol.StreamDescriptor]bool), c.Overrides()
	for i, stream := range c.Streams {
		field := fmt.Sprintf("streams.%d", i)
		id := stream.Descriptor()
		if seen[id] {
			problems.add(field+".stream", "expected each stream once, an earlier override names this one")
		}
		seen[id] = true
		c.checkEndpoint(problems, field+".url", stream.URL)
		c.checkOperations(problems, field+".operations", stream.Operations)
		checkBodies(problems, field, stream, overrides.Stream(id))
		c.checkHeaders(problems, field+".headers", stream.Headers)
		c.checkSyncMode(problems, field+".sync_mode", stream.SyncMode)
		checkPrimaryKey(problems, field+".primary_key", stream.PrimaryKey)
		stream.Answers.check(problems, field+".answers")
		stream.Payload.check(problems, field+".payload", stream.Payload.or(c.Payload),
			unrouted(cmp.Or(stream.SyncMode, c.SyncMode), stream.Operations.or(c.Operations)))
	}
}

func checkPrimaryKey(problems *problemList, field string, key [][]string) {
	seen := make(map[string]bool)
	for i, path := range key {
		id := fmt.Sprintf("%q", path)
		if seen[id] {
			problems.add(fmt.Sprintf("%s.%d", field, i), "expected each field of the key once")
		}
		seen[id] = true
	}
}

// checkSyncMode refuses the modes that send a difference if nothing remembers what was delivered
// before. remove is of use without it, since rows with a CDC delete marker are known to have left.
func (c *Config) checkSyncMode(problems *problemList, field string, mode SyncMode) {
	if !c.Snapshot.Chosen() && (mode == Add || mode == Mirror) {
		problems.add(field, string(mode)+" needs to know what was delivered before: choose a place for it in snapshot, "+
			"or one of auto, insert, upsert, remove")
	}
}
