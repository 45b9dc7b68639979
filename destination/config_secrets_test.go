package destination

import (
	"testing"

	"destination-webhook/destination/redact"
)

func TestSecretsMaskEveryCredential(t *testing.T) {
	config, err := ParseConfig(readSpec(t), []byte(`{
		"url": "https://example.com/hooks/customers/T0000000/long-path-token?key=ab34ef78",
		"authorization_header": "Bearer bearer-token", "api_key": "api-key-1",
		"headers": [{"name": "X-A", "value": "header-value"}],
		"streams": [{"stream": "users", "url": "https://example.com/stream-path-token"}, {"stream": "orders"}],
		"dead_letter": {"type": "webhook", "url": "https://example.com/?k=letter-token", "authorization_header": "letter-secret"}
	}`))
	if err != nil {
		t.Fatal(err)
	}
	redactor := redact.New(config.Secrets()...)
	for _, secret := range []string{
		"bearer-token", "Bearer bearer-token", "api-key-1", "header-value",
		"T0000000", "long-path-token", "ab34ef78", "letter-token", "letter-secret", "stream-path-token",
	} {
		if got := redactor.String("<" + secret + ">"); got != "<"+redact.Mask+">" {
			t.Errorf("%s comes out as %s", secret, got)
		}
	}
	if got := redactor.String("example.com users customers"); got != "example.com users customers" {
		t.Errorf("host and streams come out as %s", got)
	}
}
