// Package answer interprets an endpoint's answer: what its status means for the request, how long
// the next one has to wait, and what its body says about single rows. It does no I/O and knows
// neither batches nor deliveries.
package answer

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"destination-webhook/destination/printable"
)

// Kind is what an answer, or its absence, means for the request.
type Kind int

const (
	// Delivered: the endpoint has taken the request.
	Delivered Kind = iota + 1
	// Transient: the endpoint may take the same request later, and did not within the bounds of
	// attempts and time.
	Transient
	// TooLarge: the endpoint takes no body of this size.
	TooLarge
	// Refused: the endpoint understood the request and does not want this payload.
	Refused
	// Severed: the endpoint ended the connection, each time that it was sent this body, and the
	// body is so large that its size may be the reason.
	Severed
	// Misconfigured: no payload would get through until somebody changes the configuration or the
	// endpoint.
	Misconfigured
	// Canceled: the caller's context ended, or Stop came before the first attempt.
	Canceled
)

func (k Kind) String() string {
	switch k {
	case Delivered:
		return "delivered"
	case Transient:
		return "transient"
	case TooLarge:
		return "too large"
	case Refused:
		return "refused"
	case Severed:
		return "severed"
	case Misconfigured:
		return "misconfigured"
	case Canceled:
		return "canceled"
	}
	return fmt.Sprintf("kind %d", int(k))
}

// Classification is what an answer means, and what to do about it.
type Classification struct {
	Kind   Kind
	Advice string // a sentence
}

// classifications has the answers that differ from the others of their class.
var classifications = map[int]Classification{
	http.StatusBadRequest:          {Refused, "the endpoint refused the payload (400): compare it with what the endpoint expects"},
	http.StatusConflict:            {Refused, "the endpoint refused the payload as a conflict (409): compare it with what the endpoint holds"},
	http.StatusUnprocessableEntity: {Refused, "the endpoint refused the payload (422): compare it with what the endpoint expects"},

	http.StatusRequestEntityTooLarge: {TooLarge, "the body is too large for the endpoint (413): lower the batch size"},

	http.StatusRequestTimeout:     {Transient, "the endpoint gave up waiting for the request (408): try again later, or send smaller batches"},
	http.StatusTooEarly:           {Transient, "the endpoint asks to try again (425)"},
	http.StatusTooManyRequests:    {Transient, "the endpoint limits the rate of requests (429): lower the requests per second or the concurrency"},
	http.StatusServiceUnavailable: {Transient, "the endpoint is unavailable or overloaded (503): check its health, or lower the concurrency"},
	http.StatusBadGateway:         {Transient, "a gateway in front of the endpoint got no valid answer (502): check the endpoint's health"},
	http.StatusGatewayTimeout:     {Transient, "a gateway in front of the endpoint got no answer in time (504): check the endpoint's health, or send smaller batches"},

	http.StatusUnauthorized:            {Misconfigured, "Authentication failed (401): check the credentials and signing.secret: the endpoint may require a signature, or have a different secret"},
	http.StatusNotModified:             {Misconfigured, "Not modified (304): this is an answer to GET alone, check what serves this URL"},
	http.StatusForbidden:               {Misconfigured, "Access denied (403): check that the credentials may write to this endpoint"},
	http.StatusNotFound:                {Misconfigured, "Not found (404): check the path of the URL"},
	http.StatusMethodNotAllowed:        {Misconfigured, "Method not allowed (405): choose a method that the endpoint accepts"},
	http.StatusProxyAuthRequired:       {Misconfigured, "The proxy asks for authentication (407): check the proxy's credentials"},
	http.StatusGone:                    {Misconfigured, "The endpoint is gone (410): ask its owner for the new URL"},
	http.StatusUnsupportedMediaType:    {Misconfigured, "Unsupported media type (415): check that the endpoint takes application/json, and the compression"},
	http.StatusNotImplemented:          {Misconfigured, "Not implemented (501): check the method and the URL"},
	http.StatusHTTPVersionNotSupported: {Misconfigured, "HTTP version not supported (505): check what serves this URL"},
}

// classify returns what an answer other than 2xx means by the table. What it repeats of the header
// is masked by redact before it is cut.
func classify(status int, h http.Header, redact func(string) string) Classification {
	m, named := classifications[status]
	switch {
	case status == http.StatusMethodNotAllowed && h.Get("Allow") != "":
		m.Advice += ": " + printable.Line(redact(h.Get("Allow")), 100)
		return m
	case named:
		return m
	case status >= 300 && status < 400:
		return Classification{Misconfigured, redirectAdvice(status, h.Get("Location"), redact)}
	case status >= 400 && status < 500:
		return Classification{Refused, fmt.Sprintf("the endpoint refused the payload (%d)", status)}
	case status >= 500 && status < 600:
		return Classification{Transient, fmt.Sprintf("the endpoint failed (%d): check its health and its log", status)}
	}
	return Classification{Misconfigured, fmt.Sprintf("the endpoint gave an answer that HTTP does not define (%d): check what serves this URL", status)}
}

// redirectAdvice names only the host that a redirect leads to: paths and queries may contain a
// secret. Redirects are not followed because they turn a POST into an empty GET, whose 200 would
// look like success.
func redirectAdvice(status int, location string, redact func(string) string) string {
	to := "another path of the same host"
	u, err := url.Parse(location)
	switch {
	case location == "":
		return fmt.Sprintf("redirects are not followed (%d), and this one does not say where it leads: check what serves this URL", status)
	case err != nil:
		to = "a URL that cannot be parsed"
	// A part of a secret, up to its first slash.
	case u.Host != "" && !strings.Contains(redact(location), u.Host):
		to = "a URL that holds a secret"
	case u.Host != "":
		to = printable.Line(redact(strings.TrimPrefix(u.Scheme+"://"+u.Host, "://")), 300)
	}
	return fmt.Sprintf("redirects are not followed (%d): it leads to %s; set the URL that answers directly", status, to)
}
