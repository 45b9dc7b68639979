package auth

import (
	"io"
	"net/http"

	"destination-webhook/destination/redact"
)

// maxDrain is how much of a refused answer is read so that its connection can
// be used again; more than that is cheaper to connect anew.
const maxDrain = 256 << 10

// OAuth2Options is the client credentials grant (RFC 6749, section 4.4).
type OAuth2Options struct {
	TokenURL     string
	ClientID     string
	ClientSecret redact.Secret
	Scopes       []string
	Audience     string // sent where not empty
	Style        string // "header" (the default) or "body": where the client's id and secret go

	// Transport sends the token requests. It needs a guarded dialer and TLS
	// settings of its own: what the endpoint's may skip, this one may not.
	Transport http.RoundTripper

	// OnToken is told each new token before its first use, for the redactor.
	OnToken func(redact.Secret)
}

// bearing adds the current token and, where the answer is a 401, tries once
// more with a new one: a token can be revoked before it ends.
type bearing struct {
	base   http.RoundTripper
	tokens *tokens
}

func newOAuth2(base http.RoundTripper, o OAuth2Options) (http.RoundTripper, error) {
	fetch, err := newFetch(o)
	if err != nil {
		return nil, err
	}
	return &bearing{base: base, tokens: newTokens(fetch)}, nil
}

func (t *bearing) RoundTrip(req *http.Request) (*http.Response, error) {
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
		return response, nil // the 401 stands
	}
	discard(response)
	return t.retry(again, number)
}

func (t *bearing) retry(req *http.Request, rejected int64) (*http.Response, error) {
	token, _, err := t.tokens.current(req.Context(), rejected)
	if err != nil {
		closeBody(req)
		return nil, err
	}
	setBearer(req, token)
	return t.base.RoundTrip(req)
}

// resend returns a copy of a request that was sent, with its body at the start,
// and false where the body cannot be had again.
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
