package config

import (
	"net/url"
	"strconv"
	"strings"

	"destination-webhook/destination/auth"
)

// checkURL adds what keeps an address from being one that rows can be sent to. It never quotes the
// address, whose path and query may contain tokens.
func checkURL(problems *problemList, field, address string) {
	if address == "" {
		return // required by the schema, or left to the setting above
	}
	if problem := urlProblem(address); problem != "" {
		problems.add(field, problem)
	}
}

// malformedURL is the problem of an address that cannot be parsed.
const malformedURL = "expected a valid URL such as https://example.com/hook"

func urlProblem(address string) string {
	u, err := url.Parse(address)
	switch {
	case strings.ContainsFunc(address, spaceOrControl):
		return "expected a URL without spaces, line breaks or control characters"
	case err != nil:
		return malformedURL
	case u.Scheme == "":
		return "expected an absolute URL, put https:// and the host in front"
	case u.Scheme != "http" && u.Scheme != "https":
		return "expected the scheme http or https"
	case u.User != nil:
		return "expected no user or password in the URL, put credentials in their own fields"
	case u.Hostname() == "":
		return "expected a host after " + u.Scheme + "://"
	case !validPort(u.Port()):
		return "expected a port from 1 to 65535"
	case strings.Contains(address, "#"):
		return "expected no fragment, what follows # never reaches an endpoint"
	default:
		return ""
	}
}

// checkSignedPath adds a path that AWS normalizes before it verifies a signature, although the
// signer signs it unchanged.
func (c *Config) checkSignedPath(problems *problemList, field, address string) {
	u, err := url.Parse(address)
	if err != nil || c.Authentication.Type != auth.SigV4 {
		return
	}
	segments := strings.Split(strings.TrimPrefix(u.EscapedPath(), "/"), "/")
	for i, segment := range segments {
		name, _ := url.PathUnescape(segment)
		if name == "." || name == ".." || name == "" && i < len(segments)-1 {
			problems.add(field, "expected a path without //, /./ and /../, which AWS would verify in another form than it was signed")
		}
	}
}

func spaceOrControl(r rune) bool { return r <= ' ' || r == 0x7f }

func validPort(port string) bool {
	if port == "" {
		return true // the scheme's own
	}
	n, err := strconv.Atoi(port)
	return err == nil && n >= 1 && n <= 65535
}
