package auth

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"destination-webhook/destination/redact"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

// tokenTimeout bounds one request for a token; it is a small answer.
const tokenTimeout = 30 * time.Second

// maxToken is the longest token, in bytes: servers accept no longer header, and the redactor keeps
// each token.
const maxToken = 16 << 10

// newFetch returns the function that gets one token.
func newFetch(o OAuth2Options) (func(context.Context) (*oauth2.Token, error), error) {
	host, err := checkOAuth2(o)
	if err != nil {
		return nil, err
	}
	config := &clientcredentials.Config{
		ClientID:     o.ClientID,
		ClientSecret: o.ClientSecret.Reveal(),
		TokenURL:     o.TokenURL,
		Scopes:       o.Scopes,
		AuthStyle:    oauth2.AuthStyleInHeader,
	}
	if o.Style == "body" {
		config.AuthStyle = oauth2.AuthStyleInParams
	}
	if o.Audience != "" {
		config.EndpointParams = url.Values{"audience": {o.Audience}}
	}
	client := &http.Client{
		Transport:     &lenientAnswers{&tlsErrorTransport{o.Transport, ofTokens}},
		Timeout:       tokenTimeout,
		CheckRedirect: noRedirect,
	}
	return func(ctx context.Context) (*oauth2.Token, error) {
		token, err := config.Token(context.WithValue(ctx, oauth2.HTTPClient, client))
		if err != nil {
			return nil, newTokenError(host, err)
		}
		if !fitsHeader(token.AccessToken) {
			return nil, &tokenError{Host: host, Err: errInvalidToken}
		}
		if o.OnToken != nil {
			o.OnToken(redact.Secret(token.AccessToken))
		}
		return token, nil
	}, nil
}

// fitsHeader reports whether token is valid in a header (RFC 6750, section 2.1).
func fitsHeader(token string) bool {
	unprintable := func(r rune) bool { return r <= ' ' || r > '~' }
	return len(token) <= maxToken && strings.IndexFunc(token, unprintable) < 0
}

// noRedirect prevents a 307 or 308 from sending the client secret elsewhere.
func noRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

func checkOAuth2(o OAuth2Options) (host string, err error) {
	u, err := url.Parse(o.TokenURL)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
		return "", errors.New("authentication.token_url: is not an http or https address")
	case u.User != nil:
		return "", errors.New("authentication.token_url: put the credentials in client_id and client_secret")
	case o.ClientID == "":
		return "", errors.New("authentication.client_id: is missing")
	case o.Style != "" && o.Style != "header" && o.Style != "body":
		return "", errors.New(`authentication.style: want "header" or "body"`)
	case o.Transport == nil: // oauth2 would fall back on a client without a guard
		return "", errors.New("token requests need a transport")
	}
	return u.Host, nil
}
