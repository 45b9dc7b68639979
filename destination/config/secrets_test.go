package config

import (
	"encoding/base64"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"destination-webhook/destination/auth"
	"destination-webhook/destination/redact"
)

func TestSecretsMaskEveryCredential(t *testing.T) {
	config, err := Parse(readSpec(t), []byte(`{
		"url": "https://example.com/hooks/customers/T0000000/long-path-token?key=ab34e",
		"authorization_header": "Bearer bearer-token", "api_key": "api-key-1",
		"headers": [{"name": "X-A", "value": "header-value"}],
		"streams": [{"stream": "users", "url": "https://example.com/stream-path-token"}, {"stream": "orders"}],
		"signing": {"secret": "whsec_bmV3IHNlY3JldA==", "previous_secret": "whsec_b2xkIHNlY3JldA=="},
		"dead_letter": {"type": "webhook", "url": "https://example.com/?k=letter-token", "authorization_header": "letter-secret"},
		"report": {"type": "webhook", "url": "https://example.com/?k=report-token", "authorization_header": "report-secret"},
		"manifest": {"type": "webhook", "url": "https://example.com/?k=manifest-token"}
	}`))
	if err != nil {
		t.Fatal(err)
	}
	redactor := redact.New(config.Secrets()...)
	for _, secret := range []string{
		"bearer-token", "Bearer bearer-token", "api-key-1", "header-value",
		"T0000000", "long-path-token", "ab34e", "letter-token", "letter-secret", "report-token", "report-secret", "manifest-token", "stream-path-token",
		"bmV3IHNlY3JldA==", "b2xkIHNlY3JldA==",
	} {
		if got := redactor.String("<" + secret + ">"); got != "<"+redact.Mask+">" {
			t.Errorf("%s comes out as %s", secret, got)
		}
	}
	if got := redactor.String("example.com users customers"); got != "example.com users customers" {
		t.Errorf("host and streams come out as %s", got)
	}
}

// A token endpoint that is sent the client's id and secret in a header may send them back.
func TestSecretsKnowTheClientsPair(t *testing.T) {
	config := &Config{Authentication: Authentication{ClientID: "a client", ClientSecret: `s3cr/et "1"`}}
	sent := base64.StdEncoding.EncodeToString([]byte(url.QueryEscape("a client") + ":" + url.QueryEscape(`s3cr/et "1"`)))
	if got := redact.New(config.Secrets()...).String("<" + sent + ">"); got != "<"+redact.Mask+">" {
		t.Errorf("got %s", got)
	}
}

// With Basic credentials an API key is often the user, and the password is empty or anything.
func TestSecretsKnowTheUser(t *testing.T) {
	for name, a := range map[string]Authentication{
		"no password":     {User: "key7"},
		"a password":      {User: "an-api-key", Password: "x"},
		"a long password": {User: "an-api-key", Password: "open sesame"},
	} {
		a.Type = auth.Basic
		redactor := redact.New((&Config{Authentication: a}).Secrets()...)
		sent := base64.StdEncoding.EncodeToString([]byte(a.User + ":" + a.Password.Reveal()))
		for _, text := range []string{a.User, sent, "Basic " + sent} {
			if got := redactor.String(text); strings.Contains(got, a.User) || strings.Contains(got, sent[:6]) {
				t.Errorf("%s: %s is shown as %s", name, text, got)
			}
		}
	}
}

// Whatever the config will be made of one day, its secrets are found.
func TestSecretFieldsLooksEverywhere(t *testing.T) {
	three := redact.Secret("three")
	value := struct {
		One     redact.Secret
		Two     []struct{ In redact.Secret }
		Three   *redact.Secret
		Four    map[string]redact.Secret
		Five    [1]redact.Secret
		Six     any
		hidden  redact.Secret
		Nothing *redact.Secret
		Plain   string
	}{"one", []struct{ In redact.Secret }{{"two"}}, &three, map[string]redact.Secret{"k": "four"}, [1]redact.Secret{"five"}, redact.Secret("six"), "seven", nil, "plain"}
	want := []string{"one", "two", "three", "four", "five", "six", "seven"}
	if diff := cmp.Diff(want, secretFields(reflect.ValueOf(value))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
