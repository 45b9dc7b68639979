package config

import "fmt"

// Manifest is how the endpoint is told at the end of a sync what it must have. Type is none or
// webhook. An empty URL means that of the stream's rows.
type Manifest struct {
	Type   Storage `json:"type"`
	URL    string  `json:"url"`
	Method string  `json:"method"`
}

// Chosen reports whether manifests are sent.
func (m Manifest) Chosen() bool { return m.Type == WebhookStorage }

// CheckURL returns the URL of manifests up to its first variable.
func (m Manifest) CheckURL() string { return fixed(m.URL) }

// checkManifest adds what keeps a manifest, which is about no row, from having a URL.
func (c *Config) checkManifest(problems *problemList) {
	const field = "manifest.url"
	m := c.Manifest
	if !m.Chosen() {
		return
	}
	c.checkEndpoint(problems, field, m.URL)
	if namesRow(m.URL) {
		problems.add(field, "expected no variable but {stream} and {namespace}: a manifest is about no row")
	}
	if m.URL != "" {
		return
	}
	const named = "required because %s names the row, and a manifest is about none"
	// Otherwise only the catalog tells for which streams it holds.
	if len(c.Streams) == 0 && namesRow(c.URL) {
		problems.add(field, fmt.Sprintf(named, "url"))
	}
	for i, s := range c.Streams {
		if namesRow(s.URL) {
			problems.add(field, fmt.Sprintf(named, fmt.Sprintf("streams.%d.url", i)))
		}
	}
}
