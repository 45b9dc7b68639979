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

// Descriptor returns what the override names. Without a namespace that is the streams of its name
// in all namespaces.
func (s Stream) Descriptor() protocol.StreamDescriptor {
	return protocol.StreamDescriptor{Namespace: s.Namespace, Name: s.Stream}
}

// Overrides finds the settings of streams. It is not safe for concurrent use.
type Overrides struct {
	config *Config
	named  map[protocol.StreamDescriptor]*Stream
	ofRows map[string]bool // whether an address names the row: many streams share one
}

// Overrides returns the overrides of c by what they name: catalog and config may both have
// thousands.
func (c *Config) Overrides() Overrides {
	o := Overrides{config: c, named: make(map[protocol.StreamDescriptor]*Stream), ofRows: make(map[string]bool)}
	for i := range c.Streams {
		o.named[c.Streams[i].Descriptor()] = &c.Streams[i]
	}
	return o
}

// Stream returns the settings that hold for a stream: those of its override, and the config's own
// if it says nothing. An override with the stream's namespace takes precedence over one without a
// namespace. What an override says of an operation takes precedence over its URL and method, these
// over what the config says of the operation, and that over the config's URL and method.
func (o Overrides) Stream(stream protocol.StreamDescriptor) Stream {
	override := cmp.Or(o.named[stream], o.named[protocol.StreamDescriptor{Name: stream.Name}], &Stream{})
	base := OperationRoute{Method: cmp.Or(override.Method, o.config.Method), URL: cmp.Or(override.URL, o.config.URL)}
	own := all(OperationRoute{Method: override.Method, URL: override.URL})
	return Stream{
		Stream:     stream.Name,
		Namespace:  stream.Namespace,
		URL:        base.URL,
		Method:     base.Method,
		SyncMode:   cmp.Or(override.SyncMode, o.config.SyncMode),
		Operations: override.Operations.or(own).or(o.config.Operations).or(all(base)).withBodies(o.nameRow),
		Headers:    mergeHeaders(o.config.Headers, override.Headers),
		PrimaryKey: override.PrimaryKey,
		Answers:    override.Answers.or(o.config.Answers),
		Payload:    override.Payload.or(o.config.Payload),
	}
}

// nameRow reports whether an address is a template with variables of the row.
func (o Overrides) nameRow(address string) bool {
	ofRow, known := o.ofRows[address]
	if !known {
		ofRow = namesRow(address)
		o.ofRows[address] = ofRow
	}
	return ofRow
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
		overrides.checkBodies(problems, field, stream, id)
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
