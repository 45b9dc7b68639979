package destination

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"destination-webhook/destination/config"
	"destination-webhook/destination/printable"
	"destination-webhook/protocol"
)

// route is where the records of one stream go, and how.
type route struct {
	namespace, name string
	method, url     string
	mode            config.SyncMode
	key             [][]string
	header          http.Header // of every request of the stream
	audience        *audience   // nil: there is no snapshot, or the mode needs none
}

// is says whether a record belongs to the stream.
func (r *route) is(record *protocol.Record) bool {
	return r.name == string(record.Stream) && r.namespace == string(record.Namespace)
}

// title is the stream's name for people.
func (r *route) title() string { return title(r.namespace, r.name) }

// title quotes a name that could act on a terminal or forge a line of a log: it is whatever the source made it.
func title(namespace, name string) string {
	if namespace != "" {
		name = namespace + "." + name
	}
	return printable.Name(name)
}

// newRoute settles what holds for a stream: an override goes before the config, the config before the catalog.
func newRoute(c *config.Config, s *protocol.ConfiguredStream, agent string) (*route, error) {
	settings := c.Stream(s.Descriptor())
	r := &route{
		namespace: s.Stream.Namespace,
		name:      s.Stream.Name,
		method:    settings.Method,
		url:       settings.URL,
		key:       s.Key(),
		mode:      settings.SyncMode,
	}
	if len(settings.PrimaryKey) > 0 {
		r.key = settings.PrimaryKey
	}
	if r.mode == config.Auto {
		r.mode = modeOf(s, len(r.key) > 0 && c.Snapshot.Chosen())
	}
	for _, path := range r.key {
		if len(path) == 0 {
			return nil, fmt.Errorf("stream %s: its primary key has an empty path: check primary_key in the catalog", r.title())
		}
	}
	if r.mode != config.Insert && len(r.key) == 0 {
		return nil, fmt.Errorf("stream %s: sync mode %s needs a primary key: choose one in the connection, set streams[].primary_key, or use insert", r.title(), r.mode)
	}
	r.header = header(c, agent)
	r.header.Set("Airbyte-Stream", percentEncode(r.name))
	if r.namespace != "" {
		r.header.Set("Airbyte-Namespace", percentEncode(r.namespace))
	}
	return r, nil
}

// modeOf is the mode that a stream's destination sync mode asks for. To take the place of all earlier rows needs a key and
// a snapshot.
func modeOf(s *protocol.ConfiguredStream, compared bool) config.SyncMode {
	switch {
	case compared && s.Replaces():
		return config.Mirror
	case s.DestinationSyncMode == protocol.AppendDedup, s.DestinationSyncMode == protocol.Update:
		return config.Upsert
	case s.DestinationSyncMode == protocol.SoftDelete:
		return config.Remove
	}
	return config.Insert
}

// routes is all streams of a catalog.
type routes struct {
	all   []*route
	index map[identity]int
}

// identity is what a stream is known by; an absent, a null and an empty namespace are the same.
type identity struct{ namespace, name string }

func newRoutes(c *config.Config, catalog *protocol.Catalog, agent string) (*routes, error) {
	rs := &routes{index: make(map[identity]int, len(catalog.Streams))}
	var problems []error
	for i := range catalog.Streams {
		r, err := newRoute(c, &catalog.Streams[i], agent)
		if err != nil {
			problems = append(problems, err)
			continue
		}
		id := identity{r.namespace, r.name}
		if _, twice := rs.index[id]; twice {
			problems = append(problems, fmt.Errorf("stream %s stands twice in the catalog", r.title()))
		}
		rs.index[id] = len(rs.all)
		rs.all = append(rs.all, r)
	}
	return rs, errors.Join(problems...)
}

// find returns the place of a stream.
func (rs *routes) find(namespace, name []byte) (int, bool) {
	i, ok := rs.index[identity{string(namespace), string(name)}]
	return i, ok
}

// warnings are what a user should know about how the catalog is followed.
func (rs *routes) warnings(catalog *protocol.Catalog) []string {
	var warnings []string
	for i, r := range rs.all {
		if catalog.Streams[i].Replaces() && r.mode != config.Mirror {
			warnings = append(warnings, fmt.Sprintf("stream %s: the sync replaces all earlier rows, but in sync mode %s the endpoint is not told which rows are gone", r.title(), r.mode))
		}
	}
	return warnings
}

// strays are warnings about overrides that no stream of the catalog matches.
func (rs *routes) strays(c *config.Config) []string {
	var warnings, names []string
	for _, r := range rs.all {
		names = append(names, r.name)
	}
	for _, override := range c.Streams {
		if rs.matched(override) {
			continue
		}
		warning := fmt.Sprintf("streams: the override for %s matches no stream of this sync", title(override.Namespace, override.Stream))
		if near := config.NearestName(override.Stream, names); near != "" {
			warning += fmt.Sprintf("; did you mean %s?", title("", near))
		}
		warnings = append(warnings, warning)
	}
	return warnings
}

func (rs *routes) matched(override config.Stream) bool {
	for _, r := range rs.all {
		if override.Matches(protocol.StreamDescriptor{Namespace: r.namespace, Name: r.name}) {
			return true
		}
	}
	return false
}

// header is what every request carries, whatever its stream.
func header(c *config.Config, agent string) http.Header {
	h := http.Header{"Content-Type": {"application/json"}, "User-Agent": {agent}}
	for _, extra := range c.Headers {
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

// percentEncode keeps visible ASCII, the percent sign aside, so that any name fits a header.
func percentEncode(s string) string {
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

// host is scheme and host of a URL: all of it that a log may show.
func host(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "the endpoint"
	}
	return u.Scheme + "://" + u.Host
}
