package auth

import (
	"io"
	"net/http"

	"destination-webhook/destination/redact"
)

// maxDrain is how many bytes of a refused answer are read so that its connection can be reused. For
// more than that a new connection is cheaper.
const maxDrain = 256 << 10

// OAuth2Options is the client credentials grant (RFC 6749, section 4.4).
type OAuth2Options struct {
	TokenURL     string
	ClientID     string
	ClientSecret redact.Secret
	Scopes       []string
	Audience     string // sent if not empty
	Style        string // where the client's id and secret go: "header" (the default) or "body"

	// Transport sends the token requests. It needs a guarded dialer and its own TLS settings: if
	// the endpoint's skip verification, these must not.
	Transport http.RoundTripper

	// OnToken is called with each new token before its first use, for the redactor.
	OnToken func(redact.Secret)
}

// oauth2Transport adds the current token to each request. If the answer is a 401 it tries once more
// with a new token, because a token can be revoked before it expires.
type oauth2Transport struct {
	base   http.RoundTripper
	tokens *tokens
}

func newOAuth2(base http.RoundTripper, o OAuth2Options) (http.RoundTripper, error) {
	fetch, err := newFetch(o)
	if err != nil {
		return nil, err
	}
	return &oauth2Transport{base: base, tokens: newTokens(fetch)}, nil
}

func (t *oauth2Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	token, number, err := t.tokens.current(req.Context(), 0)
	if err != nil {
		closeBody(req)
		return nil, err
	}
	first := req.Clone(req.Context())
	setBearer(first, token)
	response, err := t.base.RoundTrip(first)
	if err != nil || response.StatusCode != http.StatusUnauthorized {
		return response, err
	}
	again, ok := resend(req)
	if !ok {
		return response, nil // the caller gets the 401
	}
	discard(response)
	return t.retry(again, number)
}

func (t *oauth2Transport) retry(req *http.Request, rejected int64) (*http.Response, error) {
	token, _, err := t.tokens.current(req.Context(), rejected)
	if err != nil {
		closeBody(req)
		return nil, err
	}
	setBearer(req, token)
	return t.base.RoundTrip(req)
}

// resend returns a copy of a request that was sent, with its body from the start. It returns false
// if the body cannot be read again.
func resend(req *http.Request) (*http.Request, bool) {
	again := req.Clone(req.Context())
	if req.Body == nil || req.Body == http.NoBody {
		return again, true
	}
	if req.GetBody == nil {
		return nil, false
	}
	body, err := req.GetBody()
	again.Body = body
	return again, err == nil
}

func discard(response *http.Response) {
	_, _ = io.CopyN(io.Discard, response.Body, maxDrain)
	_ = response.Body.Close()
}
