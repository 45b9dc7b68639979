package auth

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/oauth2"
)

// tokenError says why no OAuth2 token could be fetched. It keeps only the status and the error
// code, because the rest of a token endpoint's answer may echo the secret.
type tokenError struct {
	Host   string // of the token URL
	Status int    // 0 if there was no answer
	Code   string // RFC 6749, section 5.2, such as invalid_client; may be empty
	Err    error  // why there is no token, if it was not an answer's status

	header http.Header // of the answer
}

// Answer returns the status and header of the token endpoint's answer. The status is 0 if there was
// none. Callers learn from it when to retry, and from the method itself that the request which
// needed the token was not sent.
func (e *tokenError) Answer() (status int, header http.Header) { return e.Status, e.header }

// codes are the error codes of RFC 6749, section 5.2, and others in use. No other code is shown: it
// could be a secret.
var codes = append([]string{
	"invalid_request", "invalid_client", "invalid_grant", "unauthorized_client", "unsupported_grant_type", "invalid_scope",
	"access_denied", "invalid_target",
}, passingCodes...)

// passingCodes are the codes of temporary faults.
var passingCodes = []string{"temporarily_unavailable", "server_error", "slow_down"}

func newTokenError(host string, err error) *tokenError {
	var answer *oauth2.RetrieveError
	var call *url.Error
	switch {
	case errors.As(err, &answer):
		e := &tokenError{Host: host, Status: answer.Response.StatusCode, header: answer.Response.Header}
		if slices.Contains(codes, answer.ErrorCode) {
			e.Code = answer.ErrorCode
		}
		return e
	case errors.As(err, &call): // it would show the whole address
		return &tokenError{Host: host, Err: call.Err}
	case strings.HasPrefix(err.Error(), "oauth2: cannot fetch token"): // it has no type for this
		return &tokenError{Host: host, Err: errBrokeOff}
	}
	return &tokenError{Host: host, Err: errNoToken}
}

var (
	errNoToken      = errors.New("its answer has no access_token: check the token URL")
	errInvalidToken = errors.New("its access_token is not valid in a header: check the token URL")
	errBrokeOff     = errors.New("its answer broke off")
)

func (e *tokenError) Error() string {
	text := "fetching an OAuth2 token from " + e.Host
	if e.Err != nil {
		return fmt.Sprintf("%s: %v", text, e.Err)
	}
	text = fmt.Sprintf("%s: it answered %d", text, e.Status)
	if e.Code != "" {
		text += " " + e.Code
	}
	return text + ": " + e.advice()
}

func (e *tokenError) advice() string {
	switch {
	case !e.Permanent():
		return "try again later"
	case e.Code == "invalid_scope":
		return "check the scopes"
	case e.Status >= 300 && e.Status < 400 || e.Status == http.StatusNotFound || e.Status == http.StatusMethodNotAllowed:
		return "check the token URL"
	}
	return "check the client id, the client secret and where they are sent (header or body)"
}

// Unwrap returns the network's error, if that is what it was.
func (e *tokenError) Unwrap() error { return e.Err }

// Permanent reports whether a retry is pointless until the config changes.
func (e *tokenError) Permanent() bool {
	if e.Err != nil {
		_, wrongTLS := describeTLSError(e.Err)
		return wrongTLS || errors.Is(e.Err, errNoToken) || errors.Is(e.Err, errInvalidToken)
	}
	passing := []int{http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests}
	return e.Status < 500 && !slices.Contains(passing, e.Status) && !slices.Contains(passingCodes, e.Code)
}
