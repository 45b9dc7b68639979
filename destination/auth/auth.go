package auth

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"destination-webhook/destination/redact"
)

// Type selects the credentials of a request. Its values are the config's.
type Type string

// The types of authentication. The zero value means [None].
const (
	None   Type = "none"
	Basic  Type = "basic"
	Bearer Type = "bearer"
	OAuth2 Type = "oauth2_client_credentials"
	SigV4  Type = "aws_sigv4"
)

// Options is a sum type: Type selects which of the other fields apply.
type Options struct {
	Type Type

	User     string        // Basic
	Password redact.Secret // Basic
	Token    redact.Secret // Bearer

	OAuth2 OAuth2Options
	SigV4  SigV4Options
}

// NewTransport returns a transport that adds the credentials to each request and describes
// certificate errors as [describeTLSError] does. It contacts nobody: the first token is fetched
// with the first request.
func NewTransport(base http.RoundTripper, o Options) (http.RoundTripper, error) {
	base = &tlsErrorTransport{base, ofEndpoint}
	switch o.Type {
	case None, "":
		return base, nil
	case Basic:
		return newBasic(base, o)
	case Bearer:
		return newBearer(base, o)
	case OAuth2:
		return newOAuth2(base, o.OAuth2)
	case SigV4:
		return newSigV4(base, o.SigV4)
	}
	return nil, fmt.Errorf("authentication.type: %q is not known", o.Type)
}

// authorized sets the Authorization header of each request by calling set.
type authorized struct {
	base http.RoundTripper
	set  func(*http.Request)
}

func (t *authorized) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	t.set(req)
	return t.base.RoundTrip(req)
}

func newBasic(base http.RoundTripper, o Options) (http.RoundTripper, error) {
	if strings.Contains(o.User, ":") { // RFC 7617, section 2
		return nil, errors.New("authentication.user: a user name cannot have a colon in it")
	}
	return &authorized{base, func(req *http.Request) { req.SetBasicAuth(o.User, o.Password.Reveal()) }}, nil
}

func newBearer(base http.RoundTripper, o Options) (http.RoundTripper, error) {
	if o.Token == "" {
		return nil, errors.New("authentication.token: is missing")
	}
	return &authorized{base, func(req *http.Request) { setBearer(req, o.Token.Reveal()) }}, nil
}

func setBearer(req *http.Request, token string) { // RFC 6750, section 2.1
	req.Header.Set("Authorization", "Bearer "+token)
}

// closeBody fulfils the contract of [http.RoundTripper], which closes the body even if the request
// is not sent.
func closeBody(req *http.Request) {
	if req.Body != nil {
		_ = req.Body.Close()
	}
}
