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

// maxToken bounds a token, in bytes: servers take no header that is longer, and
// the redactor has to keep it.
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
	client := &http.Client{Transport: &explaining{o.Transport, ofTokens}, Timeout: tokenTimeout, CheckRedirect: stay}
	return func(ctx context.Context) (*oauth2.Token, error) {
		token, err := config.Token(context.WithValue(ctx, oauth2.HTTPClient, client))
		if err != nil {
			return nil, newTokenError(host, err)
		}
		if !bearable(token.AccessToken) {
			return nil, &TokenError{Host: host, Err: unbearable{}}
		}
		if o.OnToken != nil {
			o.OnToken(redact.Secret(token.AccessToken))
		}
		return token, nil
	}, nil
}

// bearable reports whether a token can stand in a header.
func bearable(token string) bool {
	return len(token) <= maxToken && strings.IndexFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }) < 0
}

// unbearable is the error of an access token that is none.
type unbearable struct{}

func (unbearable) Error() string {
	return "its access_token cannot stand in a header: check the token URL"
}

// Is makes it as permanent as no token at all.
func (unbearable) Is(target error) bool { return target == errNoToken }

// stay keeps the client secret from the place that a 307 or 308 names.
func stay(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

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
