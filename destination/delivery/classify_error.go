package delivery

import (
	"context"
	"errors"
	"net"
	"net/http"
	"syscall"

	"destination-webhook/destination/answer"
	"destination-webhook/destination/failure"
	"destination-webhook/destination/transport"
)

// unsent is implemented by errors of an outer RoundTripper, such as one that fetches tokens, that
// could not prepare the request. Nothing was sent to the endpoint. Answer returns what the other
// side answered, if it did.
type unsent interface {
	error
	Answer() (status int, header http.Header)
}

// classifyError returns what an attempt without an answer means. An error that is not known to be
// permanent is retried.
func classifyError(err error) answer.Classification {
	var (
		address  *transport.Refused
		dns      *net.DNSError
		prepared unsent
	)
	switch {
	case errors.As(err, &address):
		return misconfigured("the address is not allowed here: use another URL, or ask the operator to allow its network")
	case failure.IsPermanent(err):
		return misconfigured("the request could not be prepared or routed: check the authentication and the proxy")
	case errors.As(err, &prepared):
		return transient("the request could not be prepared and was not sent: check what it needs, such as the server of its tokens")
	case transport.IsCertificate(err):
		return misconfigured("the endpoint's certificate is not trusted: check the host name in the URL and the CA certificate")
	case transport.IsTLS(err):
		return misconfigured("TLS could not be agreed on: check that the URL's scheme fits the port, the TLS version, and the client certificate")
	case errors.As(err, &dns) && dns.IsNotFound && !dns.IsTemporary:
		return misconfigured("the host name does not exist: check the URL")
	case errors.As(err, &dns):
		return transient("the host name could not be looked up: check the DNS")
	case errors.Is(err, transport.ErrUnread):
		return transient("the endpoint answered with a success and closed the connection before it had taken the whole body: let it read the request to its end, or send smaller batches")
	case isTimeout(err):
		return transient("the endpoint did not answer in time: check its health, raise the request timeout, or send smaller batches")
	case errors.Is(err, syscall.ECONNREFUSED):
		return transient("the connection was refused: check that the endpoint runs, and the port")
	}
	return transient("the connection failed: check the endpoint's health and the network")
}

func misconfigured(advice string) answer.Classification {
	return answer.Classification{Kind: answer.Misconfigured, Advice: advice}
}

func transient(advice string) answer.Classification {
	return answer.Classification{Kind: answer.Transient, Advice: advice}
}

func isTimeout(err error) bool {
	var timeout interface{ Timeout() bool }
	return errors.Is(err, context.DeadlineExceeded) || errors.As(err, &timeout) && timeout.Timeout()
}
