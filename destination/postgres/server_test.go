package postgres

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"destination-webhook/destination/redact"
)

// A URL that names files or services of the machine, or leaves out what would come from its
// environment, is refused, and no part of it is shown.
func TestURLs(t *testing.T) {
	t.Setenv("PGPASSWORD", "of-the-machine")
	for _, url := range []string{
		"postgres://", "postgres://h/d", "postgres://u:pass-W0rd@h", "postgres://u:pass-W0rd@h/d?passfile=/etc/passwd",
		"postgres://u:pass-W0rd@h/d?service=x", "postgres://u:pass-W0rd@h/d?sslmode=perhaps", "postgres://u:pass-W0rd@h/d?sslkey=/k",
		"postgres://u:pass-W0rd@h/d?options=-c%20synchronous_commit=off", "postgres://u:pass-W0rd%zz@h/d",
		"postgres://u:pass-W0rd@h/d?sslmode=verify-full&sslrootcert=/dev/zero", "postgres://u:pass-W0rd@h/d?sslmode=verify-full&sslrootcert=/missing",
	} {
		s, err := New(Options{URL: redact.Secret(url)})
		if err == nil {
			t.Errorf("%s is accepted: %v", url, s)
		} else if strings.Contains(err.Error(), "W0rd") {
			t.Errorf("the error shows the password: %v", err)
		}
	}
	s, err := New(Options{URL: "postgres://u@h:1/d?sslmode=disable", Prefix: `a"b_`})
	if err != nil {
		t.Fatal(err)
	}
	if s.config.Password != "" {
		t.Error("the password of the machine's environment is used")
	}
	if got := s.names.sql("{entries}"); got != `"public"."a""b_entries"` {
		t.Errorf("the name of a table is %s", got)
	}
}

// A file that is not one of certificates and a missing one are told alike: whoever writes the URL
// must not learn which files the machine has.
func TestFilesOfTheMachineAreNotTold(t *testing.T) {
	other := filepath.Join(t.TempDir(), "other")
	if err := os.WriteFile(other, []byte("no certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{other, other + "-missing", filepath.Dir(other)} {
		if _, err := New(Options{URL: redact.Secret("postgres://u:p@h/d?sslmode=verify-full&sslrootcert=" + path)}); !errors.Is(err, errRoot) {
			t.Errorf("%s: %v", path, err)
		}
	}
	certificate, _ := pair(t)
	if _, err := New(Options{URL: redact.Secret("postgres://u:p@h/d?sslmode=verify-full&sslrootcert=" + certificate)}); err != nil {
		t.Errorf("a certificate is refused: %v", err)
	}
}

// Client certificates and session options of the machine's environment are not used.
func TestEnvironmentOfTheMachine(t *testing.T) {
	certificate, key := pair(t)
	t.Setenv("PGSSLCERT", certificate)
	t.Setenv("PGSSLKEY", key)
	t.Setenv("PGOPTIONS", "-c synchronous_commit=off")
	s, err := New(Options{URL: "postgres://u:p@h/d?sslmode=require"})
	if err != nil {
		t.Fatal(err)
	}
	tls := s.config.TLSConfig
	if tls.Certificates == nil || len(tls.Certificates) > 0 || tls.GetClientCertificate != nil {
		t.Error("the machine's certificate is used")
	}
	if options := s.config.RuntimeParams["options"]; options != "" {
		t.Errorf("the machine's options are used: %s", options)
	}
}

// pair writes a certificate and its key into files.
func pair(t *testing.T) (certificate, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	write := func(name, kind string, bytes []byte) string {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: bytes}), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	return write("cert.pem", "CERTIFICATE", der), write("key.pem", "PRIVATE KEY", pkcs8)
}

func TestVerifiedTLS(t *testing.T) {
	for mode, ok := range map[string]bool{"disable": false, "allow": false, "prefer": false, "require": false, "verify-ca": false, "verify-full": true} {
		_, err := New(Options{URL: redact.Secret("postgres://u:p@h/d?sslmode=" + mode), VerifiedTLS: true})
		if (err == nil) != ok {
			t.Errorf("sslmode=%s: %v", mode, err)
		}
	}
}

func TestAdvice(t *testing.T) {
	for code, want := range map[string]struct {
		text      string
		transient bool
	}{
		"53100": {"free some of it", true}, "57P01": {"restarting", true}, "25006": {"primary", true}, "28P01": {"user or password: correct", false},
		"42501": {"GRANT", false}, "08006": {"lost", true}, "53200": {"short of memory", true}, "53300": {"max_connections", true},
		"57014": {"longer than a minute", true}, "57P03": {"restarting", true}, "58030": {"trouble with its disk", true}, "55P03": {"locks the tables", true},
		"40001": {"rolled the transaction back", true}, "40P01": {"rolled the transaction back", true}, "28000": {"user or password", false},
		"3D000": {"database does not exist", false}, "3F000": {"schema does not exist", false},
		"XX000": {"SQLSTATE XX000", false}, "longer": {"SQLSTATE of 6 bytes", false},
	} {
		err := explainAnswer(code)
		if !strings.Contains(err.Error(), want.text) || Transient(err) != want.transient {
			t.Errorf("%s: %v, transient %v", code, err, Transient(err))
		}
	}
}
