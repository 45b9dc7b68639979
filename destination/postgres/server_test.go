package postgres

import (
	"strings"
	"testing"

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
		"53100": {"free some of it", true}, "57P01": {"restarting", true}, "25006": {"primary", true}, "28P01": {"user or password", false},
		"42501": {"GRANT", false}, "08006": {"lost", true}, "XX000": {"SQLSTATE XX000", false}, "longer": {"SQLSTATE of 6 bytes", false},
	} {
		err := explainAnswer(code)
		if !strings.Contains(err.Error(), want.text) || Transient(err) != want.transient {
			t.Errorf("%s: %v, transient %v", code, err, Transient(err))
		}
	}
}
