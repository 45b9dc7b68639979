package config

import (
	"net/url"
	"regexp"
	"strings"

	"destination-webhook/destination/redact"
	"destination-webhook/protocol"
)

// secretParameter stands for a segment of a path that could be a token.
const secretParameter = "{secret}"

var (
	expressionText = regexp.MustCompile(`\{([/;.]?)([^{}]*)\}`)
	parameterText  = regexp.MustCompile(`\{([^{}]*)\}`)
)

// PublicPath returns the path of an endpoint's address in the form of OpenAPI, for a document that
// others read: variables of the row are parameters, the names of the stream are filled in, a
// segment that could be a token is the parameter secret, and the query is left out. parameters are
// the names, in their order.
func PublicPath(address string, stream protocol.StreamDescriptor) (path string, parameters []string) {
	path = "/"
	if _, rest, found := strings.Cut(address, "://"); found {
		if _, after, found := strings.Cut(rest, "/"); found {
			path += after
		}
	}
	path, _, _ = strings.Cut(path, "?")
	path = strings.TrimSuffix(path, "{") // of {?stream}
	path = expressionText.ReplaceAllStringFunc(path, func(expression string) string {
		parts := expressionText.FindStringSubmatch(expression)
		return expanded(parts[1], strings.Split(parts[2], ","), stream)
	})
	segments := strings.Split(path, "/")
	for i, segment := range segments {
		if !strings.Contains(segment, "{") && len(redact.Tokens("https://h/"+segment)) > 0 {
			segments[i] = secretParameter
		}
	}
	path = strings.Join(segments, "/")
	for _, m := range parameterText.FindAllStringSubmatch(path, -1) {
		parameters = append(parameters, m[1])
	}
	return path, parameters
}

// expanded returns an expression of a path with a parameter for each variable of the row.
func expanded(operator string, names []string, stream protocol.StreamDescriptor) string {
	var texts []string
	for _, name := range names {
		name = strings.TrimSuffix(name, "*")
		text := "{" + name + "}"
		switch name {
		case "stream":
			text = url.PathEscape(stream.Name)
		case "namespace":
			text = url.PathEscape(stream.Namespace)
		}
		if operator == ";" {
			text = name + "=" + text
		}
		texts = append(texts, text)
	}
	if operator == "" {
		return strings.Join(texts, ",")
	}
	return operator + strings.Join(texts, operator)
}
