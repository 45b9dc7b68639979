package auth_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"destination-webhook/destination/auth"
	"destination-webhook/destination/redact"
)

// Each row is a handshake between two real ends on loopback.
// tlsTest is a connection to a server of our own.
type tlsTest struct {
	name    string
	server  issued
	config  *tls.Config // of the server
	options auth.TLSOptions
	want    string // part of what DescribeTLSError says; "" if it works
}

func (test *tlsTest) run(t *testing.T) {
	config := test.config.Clone()
	if config == nil {
		config = new(tls.Config)
	}
	config.Certificates = []tls.Certificate{test.server.pair(t)}
	err := handshake(t, config, test.options)
	text, is := auth.DescribeTLSError(err)
	switch {
	case test.want == "" && err != nil:
		t.Errorf("refused: %v", err)
	case test.want != "" && err == nil:
		t.Error("it connects")
	case test.want != "" && (!is || !strings.Contains(text, test.want) || strings.Contains(text, "\n")):
		t.Errorf("described as %q, want %q\nerror: %v", text, test.want, err)
	}
}

func runAll(t *testing.T, tests []tlsTest) {
	t.Helper()
	for _, test := range tests {
		t.Run(test.name, test.run)
	}
}

func TestTLSVerifiesTheServer(t *testing.T) {
	ca, stranger := newAuthority(t), newAuthority(t)
	good := ca.issue(withLoopback, "hooks.example")
	expired := func(c *x509.Certificate) { withLoopback(c); c.NotAfter = time.Now().Add(-time.Minute) }
	early := func(c *x509.Certificate) { withLoopback(c); c.NotBefore = time.Now().Add(time.Minute) }
	many := []string{"a.example", "b.example", "c.example", "d.example", "e.example", "f.example", "g.example"}
	runAll(t, []tlsTest{
		{name: "own authority", server: good, options: auth.TLSOptions{CACertificate: ca.text}},
		{name: "authority after another", server: good, options: auth.TLSOptions{CACertificate: stranger.text + "\n" + ca.text}},
		{name: "unknown authority", server: good, options: auth.TLSOptions{}, want: `"CN=Test", issued by "CN=Test Authority", is not signed by a known authority`},
		{name: "another authority", server: good, options: auth.TLSOptions{CACertificate: stranger.text}, want: "tls.ca_certificate"},
		{name: "not verified", server: ca.issue(expired), options: auth.TLSOptions{InsecureSkipVerify: true}},
		{name: "server name", server: good, options: auth.TLSOptions{CACertificate: ca.text, ServerName: "hooks.example"}},
		{name: "wrong server name", server: good, options: auth.TLSOptions{CACertificate: ca.text, ServerName: "other.example"}, want: `is for "hooks.example", "127.0.0.1", not for "other.example"`},
		{name: "wrong name", server: ca.issue(nil, "hooks.example"), options: auth.TLSOptions{CACertificate: ca.text}, want: "127.0.0.1"},
		{name: "many names", server: ca.issue(nil, many...), options: auth.TLSOptions{CACertificate: ca.text, ServerName: "z.example"}, want: `"e.example" and 2 more, not for "z.example"`},
		{name: "no name", server: ca.issue(nil), options: auth.TLSOptions{CACertificate: ca.text, ServerName: "z.example"}, want: "no host name at all"},
		{name: "expired", server: ca.issue(expired), options: auth.TLSOptions{CACertificate: ca.text}, want: "expired on 2"},
		{name: "not yet valid", server: ca.issue(early), options: auth.TLSOptions{CACertificate: ca.text}, want: "not valid before 2"},
		{name: "for clients only", server: ca.issue(clientOnly), options: auth.TLSOptions{CACertificate: ca.text}, want: "the certificate is not valid"},
	})
}

func TestTLSVersions(t *testing.T) {
	ca := newAuthority(t)
	good := ca.issue(withLoopback, "hooks.example")
	runAll(t, []tlsTest{
		{name: "1.3 by default", server: good, config: &tls.Config{MinVersion: tls.VersionTLS13}, options: auth.TLSOptions{CACertificate: ca.text}},
		{name: "1.2 by default", server: good, config: &tls.Config{MaxVersion: tls.VersionTLS12}, options: auth.TLSOptions{CACertificate: ca.text}},
		{name: "1.3 at least", server: good, config: &tls.Config{MaxVersion: tls.VersionTLS12}, options: auth.TLSOptions{CACertificate: ca.text, MinVersion: "1.3"}, want: "tls.min_version"},
		{name: "never 1.1", server: good, config: &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}, options: auth.TLSOptions{CACertificate: ca.text}, want: "tls.min_version"},
	})
}

func TestMutualTLS(t *testing.T) {
	ca, stranger := newAuthority(t), newAuthority(t)
	good, client := ca.issue(withLoopback, "hooks.example"), ca.issue(nil, "client")
	runAll(t, []tlsTest{
		{name: "mutual", server: good, config: &tls.Config{ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: ca.pool()},
			options: auth.TLSOptions{CACertificate: ca.text, ClientCertificate: client.certificate, ClientKey: client.key}},
		{name: "mutual in 1.2", server: good, config: &tls.Config{ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: ca.pool(), MaxVersion: tls.VersionTLS12},
			options: auth.TLSOptions{CACertificate: ca.text, ClientCertificate: client.certificate, ClientKey: client.key}},
		{name: "mutual without a certificate", server: good, config: &tls.Config{ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: ca.pool()},
			options: auth.TLSOptions{CACertificate: ca.text}, want: "tls.client_certificate"},
		{name: "mutual with a stranger's", server: good, config: &tls.Config{ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: stranger.pool()},
			options: auth.TLSOptions{CACertificate: ca.text, ClientCertificate: client.certificate, ClientKey: client.key}, want: "tls.client_certificate"},
	})
}

// Whatever the credentials are, a wrong certificate is told in our words, and
// its cause stays in the chain for those who branch on it.
func TestNewTransportExplainsCertificates(t *testing.T) {
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.Config.ErrorLog = silent
	server.StartTLS()
	defer server.Close()
	base := &http.Transport{}
	for _, options := range []auth.Options{{}, {Type: auth.Bearer, Token: "abc"}} {
		transport, err := auth.NewTransport(base, options)
		if err != nil {
			t.Fatal(err)
		}
		err = roundTrip(transport, newRequest(t, server.URL, "rows"))
		var cause *tls.CertificateVerificationError
		if err == nil || !strings.Contains(err.Error(), "tls.ca_certificate") || !errors.As(err, &cause) {
			t.Errorf("%q: %v", options.Type, err)
		}
	}
}

// A token URL has an authority of its own, and its errors name the setting that it has.
func TestTokenTLSConfig(t *testing.T) {
	ca := newAuthority(t)
	server := httptest.NewUnstartedServer(&issuer{})
	server.TLS = &tls.Config{Certificates: []tls.Certificate{ca.issue(withLoopback).pair(t)}}
	server.Config.ErrorLog = silent
	server.StartTLS()
	defer server.Close()
	for _, test := range []struct{ certificate, want string }{
		{ca.text, ""},
		{"", "fetching an OAuth2 token from " + server.Listener.Addr().String() + ": the certificate"},
		{newAuthority(t).text, "put the authority's certificate in authentication.ca_certificate"},
	} {
		config, err := auth.TokenTLSConfig(test.certificate)
		if err != nil {
			t.Fatal(err)
		}
		base := &http.Transport{TLSClientConfig: config}
		defer base.CloseIdleConnections()
		transport := newTransport(t, auth.Options{Type: auth.OAuth2, OAuth2: auth.OAuth2Options{
			TokenURL: server.URL, ClientID: "me", ClientSecret: "hunter2", Transport: base,
		}})
		endpoint := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
		defer endpoint.Close()
		err = roundTrip(transport, newRequest(t, endpoint.URL, ""))
		if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
			t.Errorf("got %v, want %q", err, test.want)
		}
	}
	if _, err := auth.TokenTLSConfig("hello"); err == nil || !strings.HasPrefix(err.Error(), "authentication.ca_certificate: is not PEM") {
		t.Errorf("got %v", err)
	}
}

// If the config has no TLS settings for a connection, none is advised.
func TestNewPlainTransport(t *testing.T) {
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.Config.ErrorLog = silent
	server.StartTLS()
	defer server.Close()
	err := roundTrip(auth.NewPlainTransport(&http.Transport{}), newRequest(t, server.URL, ""))
	if err == nil || !strings.Contains(err.Error(), "the system has to trust it") || strings.Contains(err.Error(), "tls.") {
		t.Errorf("got %v", err)
	}
}

func TestTLSSpeaksHTTP2(t *testing.T) {
	ca := newAuthority(t)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(200 + r.ProtoMajor)
	}))
	server.EnableHTTP2 = true
	server.TLS = &tls.Config{Certificates: []tls.Certificate{ca.issue(withLoopback).pair(t)}}
	server.StartTLS()
	defer server.Close()
	config, err := auth.TLSConfig(auth.TLSOptions{CACertificate: ca.text})
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{TLSClientConfig: config, ForceAttemptHTTP2: true}
	defer transport.CloseIdleConnections()
	if status := send(t, transport, newRequest(t, server.URL, "")); status != 202 {
		t.Errorf("HTTP/%d", status-200)
	}
}

func TestDescribeTLSErrorOfPlainHTTP(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	conn, err := tls.Dial("tcp", server.Listener.Addr().String(), &tls.Config{ServerName: "localhost"})
	if err == nil {
		_ = conn.Close()
	}
	if text, is := auth.DescribeTLSError(fmt.Errorf("posting: %w", err)); !is || !strings.Contains(text, "does not speak TLS") {
		t.Errorf("%v described as %q", err, text)
	}
}

// Names come from the other side: they cannot break the line, and are bounded but never cut, as
// they are masked later and half a secret would not be recognised.
func TestDescribeTLSErrorQuotesNames(t *testing.T) {
	certificate := &x509.Certificate{DNSNames: []string{"a\n{\"type\":\"TRACE\"}\x1b[31m", strings.Repeat("x", 9000)}}
	text, is := auth.DescribeTLSError(x509.HostnameError{Certificate: certificate, Host: "h"})
	if !is || strings.ContainsAny(text, "\n\x1b") || len(text) > 1000 || strings.Contains(text, "xxxx") {
		t.Errorf("got %d bytes: %.200s", len(text), text)
	}
}

func TestDescribeTLSErrorLeavesOthers(t *testing.T) {
	for _, err := range []error{nil, errors.New("tls"), &net.OpError{Op: "dial", Err: errors.New("refused")}, &net.OpError{Op: "remote error", Err: tls.AlertError(80)}} {
		if text, is := auth.DescribeTLSError(err); is {
			t.Errorf("%v described as %q", err, text)
		}
	}
}

func TestTLSConfigRefuses(t *testing.T) {
	ca := newAuthority(t)
	one, other := ca.issue(nil, "one"), ca.issue(nil, "other")
	tests := []struct {
		name    string
		options auth.TLSOptions
		want    string
	}{
		{"version", auth.TLSOptions{MinVersion: "1.1"}, "tls.min_version"},
		{"authority is no PEM", auth.TLSOptions{CACertificate: "hello"}, "tls.ca_certificate: is not PEM"},
		{"authority is white space", auth.TLSOptions{CACertificate: " "}, "tls.ca_certificate: is not PEM"},
		{"authority on one line", auth.TLSOptions{CACertificate: strings.ReplaceAll(ca.text, "\n", " ")}, "tls.ca_certificate: is not PEM"},
		{"authority is a key", auth.TLSOptions{CACertificate: one.key.Reveal()}, `tls.ca_certificate: want certificates only, found a block "PRIVATE KEY"`},
		{"authority is damaged", auth.TLSOptions{CACertificate: block("CERTIFICATE", []byte("no"))}, "tls.ca_certificate: certificate 1 cannot be read"},
		{"second is damaged", auth.TLSOptions{CACertificate: ca.text + block("CERTIFICATE", []byte("no"))}, "certificate 2 cannot be read"},
		{"second is cut", auth.TLSOptions{CACertificate: ca.text + ca.text[:100]}, "tls.ca_certificate: is not PEM"},
		{"key without certificate", auth.TLSOptions{ClientKey: one.key}, "tls.client_certificate: is missing"},
		{"certificate without key", auth.TLSOptions{ClientCertificate: one.certificate}, "tls.client_key: is missing"},
		{"certificate is no PEM", auth.TLSOptions{ClientCertificate: "hello", ClientKey: one.key}, "tls.client_certificate: is not PEM"},
		{"key is no PEM", auth.TLSOptions{ClientCertificate: one.certificate, ClientKey: "hello hunter2"}, "tls.client_key: is not a PEM"},
		{"key is a certificate", auth.TLSOptions{ClientCertificate: one.certificate, ClientKey: redact.Secret(one.certificate)}, "tls.client_key: is not a PEM"},
		{"key is encrypted", auth.TLSOptions{ClientCertificate: one.certificate, ClientKey: redact.Secret(block("ENCRYPTED PRIVATE KEY", []byte("hunter2")))}, "tls.client_key: is encrypted"},
		{"key is encrypted the old way", auth.TLSOptions{ClientCertificate: one.certificate, ClientKey: "-----BEGIN EC PRIVATE KEY-----\nDEK-Info: AES-128-CBC,00\n\naHVudGVyMg==\n-----END EC PRIVATE KEY-----\n"}, "tls.client_key: is encrypted"},
		{"key is damaged", auth.TLSOptions{ClientCertificate: one.certificate, ClientKey: redact.Secret(block("PRIVATE KEY", []byte("hunter2")))}, "tls.client_key: cannot be read"},
		{"key is another's", auth.TLSOptions{ClientCertificate: one.certificate, ClientKey: other.key}, "tls.client_key"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := auth.TLSConfig(test.options)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("got %v, want an error with %s", err, test.want)
			}
			if strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "hello") {
				t.Errorf("shows the field: %v", err)
			}
		})
	}
}

// EC keys come with a block of parameters in front (openssl ecparam -genkey).
func TestTLSConfigPassesOverKeyParameters(t *testing.T) {
	one := newAuthority(t).issue(nil, "one")
	key := redact.Secret(block("EC PARAMETERS", []byte("x")) + one.key.Reveal())
	if _, err := auth.TLSConfig(auth.TLSOptions{ClientCertificate: one.certificate, ClientKey: key}); err != nil {
		t.Error(err)
	}
}

// handshake sends one request: in TLS 1.3 a client's certificate is refused
// only after the client has taken the handshake for complete.
func handshake(t *testing.T, server *tls.Config, options auth.TLSOptions) error {
	t.Helper()
	endpoint := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	endpoint.TLS, endpoint.Config.ErrorLog = server, silent
	endpoint.StartTLS()
	defer endpoint.Close()
	config, err := auth.TLSConfig(options)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{TLSClientConfig: config}
	defer transport.CloseIdleConnections()
	err = roundTrip(transport, newRequest(t, endpoint.URL, "rows"))
	return err
}

func withLoopback(c *x509.Certificate) { c.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)} }

func clientOnly(c *x509.Certificate) {
	withLoopback(c)
	c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
}
