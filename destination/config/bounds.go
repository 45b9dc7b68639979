package config

import (
	"fmt"
	"slices"
	"strconv"

	"destination-webhook/destination/redact"
)

// Bounds on a config, in bytes. They are far above what anybody needs, and keep the work and memory
// that a config can cause in proportion.
const (
	// MaxSize is the size of the whole config.
	MaxSize = 4 << 20
	// maxText is the size of a text: a URL or a secret, which the redactor keeps.
	maxText = 16 << 10
	// maxCertificates is the size of a list of certificates.
	maxCertificates = 1 << 20
	// maxName is the size of a name: of a stream, a header or a field.
	maxName = 1 << 10
	// maxStreams is how many overrides there are, and maxList how many elements another list has:
	// headers are repeated for each stream of the catalog.
	maxStreams = 10_000
	maxList    = 200
	// maxDepth is how deep values are nested; the settings need 6.
	maxDepth = 16
	// maxWeight is what all secrets together may weigh; see [redact.Weight]. The redactor then
	// takes 40 MB at most.
	maxWeight = 2 << 20
)

// maxProblems is how many problems of a config are shown.
const maxProblems = 100

// isDeeper reports whether values are nested deeper than a number of levels.
func isDeeper(value any, levels int) bool {
	switch value := value.(type) {
	case map[string]any:
		for _, member := range value {
			if levels == 0 || isDeeper(member, levels-1) {
				return true
			}
		}
	case []any:
		for _, element := range value {
			if levels == 0 || isDeeper(element, levels-1) {
				return true
			}
		}
	}
	return false
}

// checkSizes adds the texts and lists of a tree that are too long, and takes them out of it, so
// that nothing else works on them. path leads to value.
func checkSizes(problems *problemList, tree, value any, path []string) {
	switch value := value.(type) {
	case map[string]any:
		for name, member := range value {
			checkSizes(problems, tree, member, append(path, name))
		}
	case []any:
		if limit := listLimit(path); len(value) > limit {
			problems.add(shownPath(path), tooLong(limit))
			blank(tree, path)
			return
		}
		for i, element := range value {
			checkSizes(problems, tree, element, append(path, strconv.Itoa(i)))
		}
	case string:
		if limit := textLimit(path); len(value) > limit {
			problems.add(shownPath(path), fmt.Sprintf("expected at most %d bytes", limit))
			blank(tree, path)
		}
	}
}

// tooLong says what to do about a list. Overrides have other ways than to be fewer.
func tooLong(limit int) string {
	if limit == maxStreams {
		return fmt.Sprintf("expected at most %d overrides: set what streams share for all of them, or divide the streams among several connections", limit)
	}
	return fmt.Sprintf("expected a list of at most %d", limit)
}

// listLimit returns the number of elements that a list may have.
func listLimit(path []string) int {
	if len(path) == 1 && path[0] == "streams" {
		return maxStreams
	}
	return maxList
}

// textLimit returns the size of the longest text that a setting may be.
func textLimit(path []string) int {
	switch last := path[len(path)-1]; {
	case last == "schema":
		return maxSchema
	case last == "ca_certificate", last == "client_certificate":
		return maxCertificates
	case last == "stream", last == "namespace", last == "name", slices.Contains(path, "primary_key"):
		return maxName
	}
	return maxText
}

// checkSecrets adds a problem if the secrets are too large together.
func (c *Config) checkSecrets(problems *problemList) {
	if redact.Weight(maxWeight, c.Secrets()...) > maxWeight {
		problems.add("config", tooManySecrets)
	}
}

const tooManySecrets = "expected fewer secrets, or shorter ones, as all that must be masked in texts may have 2 MiB together: shorten credentials, header values, and the paths and queries of URLs, or divide the streams among several connections"
