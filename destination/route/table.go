package route

import (
	"errors"
	"fmt"
	"slices"

	"destination-webhook/destination/config"
	"destination-webhook/destination/spelling"
	"destination-webhook/protocol"
)

// Table has the routes of all streams of a catalog, in its order.
type Table []*Route

// NewTable makes the routes of a catalog's streams. agent is the User-Agent of their requests. The
// error lists everything that config and catalog ask for and that cannot be done.
func NewTable(c *config.Config, catalog *protocol.Catalog, agent string) (Table, error) {
	var table Table
	var problems []error
	seen := make(map[protocol.StreamDescriptor]bool, len(catalog.Streams))
	overrides, compiled := c.Overrides(), &compiled{programs{}, schemas{}}
	for i := range catalog.Streams {
		s := &catalog.Streams[i]
		r, err := newRoute(c, overrides.Stream(s.Descriptor()), s, agent, compiled)
		if err != nil {
			problems = append(problems, err)
			continue
		}
		if seen[r.Stream] {
			problems = append(problems, fmt.Errorf("stream %s is in the catalog twice", r.Title()))
		}
		seen[r.Stream] = true
		table = append(table, r)
	}
	return table, errors.Join(problems...)
}

// Warnings returns what a user should know about how config and catalog are followed.
func (t Table) Warnings(c *config.Config) []string {
	return append(t.unmatchedOverrides(c), t.keptRows()...)
}

// keptRows returns warnings about streams that are replaced at the source and not at the endpoint.
func (t Table) keptRows() []string {
	var warnings []string
	for _, r := range t {
		s := r.Configured
		switch {
		case s.Replaces() && r.Mode != config.Mirror:
			warnings = append(warnings, fmt.Sprintf("stream %s: the sync replaces all earlier rows, but in sync mode %s the endpoint is not told which rows are gone", r.Title(), r.Mode))
		case s.Replaces() && !s.Whole():
			warnings = append(warnings, fmt.Sprintf("stream %s: the sync replaces all earlier rows, but an incremental one need not send every row: rows that left are not removed", r.Title()))
		}
	}
	return warnings
}

// maxUnmatched is how many overrides that match no stream are named.
const maxUnmatched = 10

// unmatchedOverrides returns warnings about overrides that match no stream of the catalog.
func (t Table) unmatchedOverrides(c *config.Config) []string {
	unmatched := slices.DeleteFunc(slices.Clone(c.Streams), t.matcher())
	var warnings, names []string
	for _, r := range t {
		names = append(names, r.Stream.Name)
	}
	for i, override := range unmatched {
		if i == maxUnmatched {
			return append(warnings, fmt.Sprintf("streams: %d more overrides match no stream of this sync", len(unmatched)-i))
		}
		warning := fmt.Sprintf("streams: the override for %s matches no stream of this sync", Title(override.Descriptor()))
		if near := spelling.Nearest(override.Stream, names); near != "" {
			warning += fmt.Sprintf("; did you mean %s?", Title(protocol.StreamDescriptor{Name: near}))
		}
		warnings = append(warnings, warning)
	}
	return warnings
}

// matcher returns a function that reports whether an override matches a stream of the table.
func (t Table) matcher() func(config.Stream) bool {
	known := make(map[protocol.StreamDescriptor]bool, 2*len(t))
	for _, r := range t {
		known[r.Stream] = true
		// An override without a namespace matches all.
		known[protocol.StreamDescriptor{Name: r.Stream.Name}] = true
	}
	return func(override config.Stream) bool { return known[override.Descriptor()] }
}
