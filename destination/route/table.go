package route

import (
	"errors"
	"fmt"

	"destination-webhook/destination/config"
	"destination-webhook/protocol"
)

// Table has the routes of all streams of a catalog, in its order.
type Table []*Route

// NewTable makes the routes of a catalog's streams. agent is the User-Agent of their requests. The error lists everything
// that config and catalog ask for and that cannot be done.
func NewTable(c *config.Config, catalog *protocol.Catalog, agent string) (Table, error) {
	var table Table
	var problems []error
	seen := make(map[protocol.StreamDescriptor]bool, len(catalog.Streams))
	for i := range catalog.Streams {
		r, err := newRoute(c, &catalog.Streams[i], agent)
		if err != nil {
			problems = append(problems, err)
			continue
		}
		if seen[r.Stream] {
			problems = append(problems, fmt.Errorf("stream %s stands twice in the catalog", r.Title()))
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
		if r.Configured.Replaces() && r.Mode != config.Mirror {
			warnings = append(warnings, fmt.Sprintf("stream %s: the sync replaces all earlier rows, but in sync mode %s the endpoint is not told which rows are gone", r.Title(), r.Mode))
		}
	}
	return warnings
}

// unmatchedOverrides returns warnings about overrides that match no stream of the catalog.
func (t Table) unmatchedOverrides(c *config.Config) []string {
	var warnings, names []string
	for _, r := range t {
		names = append(names, r.Stream.Name)
	}
	for _, override := range c.Streams {
		if t.matched(override) {
			continue
		}
		warning := fmt.Sprintf("streams: the override for %s matches no stream of this sync", Title(override.Descriptor()))
		if near := config.NearestName(override.Stream, names); near != "" {
			warning += fmt.Sprintf("; did you mean %s?", Title(protocol.StreamDescriptor{Name: near}))
		}
		warnings = append(warnings, warning)
	}
	return warnings
}

func (t Table) matched(override config.Stream) bool {
	for _, r := range t {
		if override.Matches(r.Stream) {
			return true
		}
	}
	return false
}
