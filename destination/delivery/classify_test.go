package delivery

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
)

func TestClassify(t *testing.T) {
	for _, test := range []struct {
		from, to int
		want     Kind
	}{
		{300, 399, Misconfigured},
		{400, 400, Refused},
		{401, 401, Misconfigured},
		{402, 402, Refused},
		{403, 405, Misconfigured},
		{406, 406, Refused},
		{407, 407, Misconfigured},
		{408, 408, Transient},
		{409, 409, Refused},
		{410, 410, Misconfigured},
		{411, 412, Refused},
		{413, 413, TooLarge},
		{414, 414, Refused},
		{415, 415, Misconfigured},
		{416, 424, Refused},
		{425, 425, Transient},
		{426, 428, Refused},
		{429, 429, Transient},
		{430, 499, Refused},
		{500, 500, Transient},
		{501, 501, Misconfigured},
		{502, 504, Transient},
		{505, 505, Misconfigured},
		{506, 599, Transient},
		{101, 101, Misconfigured},
		{600, 999, Misconfigured},
	} {
		for status := test.from; status <= test.to; status++ {
			got := classify(status, nil, plain)
			if got.kind != test.want {
				t.Errorf("%d is %v, want %v", status, got.kind, test.want)
			}
			if !strings.Contains(got.advice, fmt.Sprintf("(%d)", status)) {
				t.Errorf("the advice for %d does not name it: %s", status, got.advice)
			}
		}
	}
}

func TestClassifyShowsWhatTheHeaderSays(t *testing.T) {
	for _, test := range []struct {
		status int
		header [2]string
		want   string
		not    string
	}{
		{405, [2]string{"Allow", "GET, PUT"}, ": GET, PUT", ""},
		{302, [2]string{"Location", "https://user:secret@login.test:8443/path?token=secret"}, "https://login.test:8443;", "secret"},
		{307, [2]string{"Location", "//cdn.test/secret"}, "cdn.test;", "secret"},
		{308, [2]string{"Location", "/secret"}, "another path of the same host", "secret"},
		{304, [2]string{}, "nowhere", ""},
		{301, [2]string{"Location", "http://[secret"}, "cannot be parsed", "secret"},
		{405, [2]string{"Allow", strings.Repeat("x", 95) + "hunter2/and+more"}, "x[r…", "hunt"},
		{301, [2]string{"Location", "https://hunter2/and+more/path"}, "a URL that holds a secret", "hunt"},
		{301, [2]string{"Location", "https://hunter2.example"}, "a URL that holds a secret", "hunt"},
		{301, [2]string{"Location", "https://login.test/?was=hunter2/and+more"}, "https://login.test;", "hunt"},
	} {
		h := http.Header{test.header[0]: {test.header[1]}}
		got := classify(test.status, h, masks("hunter2/and+more", "hunter2")).advice
		if !strings.Contains(got, test.want) {
			t.Errorf("%d %v: %q does not contain %q", test.status, h, got, test.want)
		}
		if test.not != "" && strings.Contains(got, test.not) {
			t.Errorf("%d %v: %q contains %q", test.status, h, got, test.not)
		}
	}
}

func plain(s string) string { return s }

// masks returns a function that masks some secrets.
func masks(secrets ...string) func(string) string {
	return func(s string) string {
		for _, secret := range secrets {
			s = strings.ReplaceAll(s, secret, "[redacted]")
		}
		return s
	}
}

type knows bool

func (knows) Error() string     { return "token" }
func (k knows) Permanent() bool { return bool(k) }

func TestClassifyError(t *testing.T) {
	dialing := func(err error) error { return &net.OpError{Op: "dial", Net: "tcp", Err: err} }
	for _, test := range []struct {
		name string
		err  error
		want Kind
	}{
		{"refused", dialing(syscall.ECONNREFUSED), Transient},
		{"reset", dialing(syscall.ECONNRESET), Transient},
		{"EOF", io.EOF, Transient},
		{"half an answer", io.ErrUnexpectedEOF, Transient},
		{"timeout", context.DeadlineExceeded, Transient},
		{"network timeout", dialing(syscall.ETIMEDOUT), Transient},
		{"unreachable", dialing(syscall.EHOSTUNREACH), Transient},
		{"something else", errors.New("something else"), Transient},
		{"no such host", dialing(&net.DNSError{IsNotFound: true}), Misconfigured},
		{"DNS not answering", dialing(&net.DNSError{IsTemporary: true}), Transient},
		{"DNS says not found, perhaps", dialing(&net.DNSError{IsNotFound: true, IsTemporary: true}), Transient},
		{"DNS timeout", dialing(&net.DNSError{IsTimeout: true}), Transient},
		{"certificate", &tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}, Misconfigured},
		{"unknown authority", x509.UnknownAuthorityError{}, Misconfigured},
		{"host name", x509.HostnameError{Certificate: &x509.Certificate{}}, Misconfigured},
		{"expired", x509.CertificateInvalidError{Reason: x509.Expired}, Misconfigured},
		{"alert: bad certificate", &net.OpError{Op: "remote error", Err: tls.AlertError(42)}, Misconfigured},
		{"alert: internal error", &net.OpError{Op: "remote error", Err: tls.AlertError(80)}, Transient},
		{"not TLS", tls.RecordHeaderError{Msg: "first record does not look like a TLS handshake"}, Misconfigured},
		{"plain HTTP", errors.New("http: server gave HTTP response to HTTPS client"), Misconfigured},
		{"no common version", errors.New("tls: server selected unsupported protocol version 301"), Misconfigured},
		{"address not allowed", dialing(&refusedAddress{errors.New("prohibited")}), Misconfigured},
		{"proxy wants a password", &proxyAnswer{407}, Misconfigured},
		{"proxy is down", &proxyAnswer{503}, Transient},
		{"token refused", fmt.Errorf("token: %w", knows(true)), Misconfigured},
		{"token endpoint down", fmt.Errorf("token: %w", knows(false)), Transient},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := classifyError(test.err); got.kind != test.want || got.advice == "" {
				t.Errorf("got %v (%s), want %v", got.kind, got.advice, test.want)
			}
		})
	}
}

func TestDialErrorsTellNothingOfTheNetwork(t *testing.T) {
	inner := &net.TCPAddr{IP: net.IPv4(10, 0, 0, 7), Port: 443}
	for name, cause := range map[string]error{
		"refused":     &refusedAddress{errors.New("its address is private")},
		"name server": &net.DNSError{Name: "inner.test", Server: "10.0.0.7:53", IsTimeout: true},
	} {
		err := outward(&net.OpError{Op: "dial", Net: "tcp", Addr: inner, Err: cause}, nil)
		if strings.Contains(err.Error(), "10.0.0.7") || classifyError(err) != classifyError(cause) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Where users must not learn which names exist, one that does not looks like one that is refused.
func TestDialErrorsTellNoNames(t *testing.T) {
	refusal := errors.New("it leads to no public address")
	show := func(cause, unresolved error) string {
		err := outward(&net.OpError{Op: "dial", Net: "tcp", Err: cause}, unresolved)
		return fmt.Sprint(classifyError(err), err)
	}
	missing := &net.DNSError{Name: "inner.test", Err: "no such host", IsNotFound: true}
	if got, want := show(missing, refusal), show(&refusedAddress{refusal}, refusal); got != want {
		t.Errorf("a name that does not exist shows as %s, a refused one as %s", got, want)
	}
	if got := show(missing, nil); !strings.Contains(got, "no such host") {
		t.Errorf("a name that does not exist shows as %s", got)
	}
	busy := &net.DNSError{Name: "inner.test", Err: "server misbehaving", IsTemporary: true}
	if got := show(busy, refusal); !strings.Contains(got, "server misbehaving") {
		t.Errorf("a lookup that may succeed later shows as %s", got)
	}
}
