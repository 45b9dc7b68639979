package postgres

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"strings"
	"testing"
)

// The names of a server's certificate are its own text: they are quoted, and shown by their length
// if they are long.
func TestCertificatesAreQuoted(t *testing.T) {
	names := []string{"a\n{\"type\":\"TRACE\"}\x1b[31m", strings.Repeat("x", 9000)}
	certificate := &x509.Certificate{DNSNames: names}
	certificate.Subject.CommonName = names[0] + names[1]
	for _, cause := range []error{
		x509.HostnameError{Certificate: certificate, Host: "h"},
		x509.UnknownAuthorityError{Cert: certificate},
		x509.CertificateInvalidError{Cert: certificate, Reason: x509.NameMismatch, Detail: names[1]},
		fmt.Errorf("something else: %s", names[0]),
	} {
		err := explain(context.Background(), fmt.Errorf("connecting: %w", &tls.CertificateVerificationError{Err: cause}))
		text := err.Error()
		if !strings.HasPrefix(text, "the server's certificate is not accepted: ") || strings.ContainsAny(text, "\n\x1b") || len(text) > 1000 || strings.Contains(text, "xxxx") {
			t.Errorf("%T: %d bytes: %.200q", cause, len(text), text)
		}
	}
}
