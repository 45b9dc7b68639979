package config

import (
	"reflect"
	"slices"
	"testing"

	"destination-webhook/destination/signature/signaturetest"

	"github.com/google/go-cmp/cmp"
)

func TestParseReadsAuthentication(t *testing.T) {
	tests := map[string]Authentication{
		`{"type":"none"}`: {Type: "none"},
		`{"type":"basic","user":"jane","password":"p"}`:                     {Type: "basic", User: "jane", Password: "p"},
		`{"type":"basic","user":"","password":"p","token":5,"service":[1]}`: {Type: "basic", Password: "p"},
		`{"type":"bearer","token":"t"}`:                                     {Type: "bearer", Token: "t"},
		`{"type":"oauth2_client_credentials","token_url":"http://h","client_id":"i","client_secret":"s"}`: {
			Type: "oauth2_client_credentials", TokenURL: "http://h", ClientID: "i", ClientSecret: "s", Style: "header"},
		`{"type":"oauth2_client_credentials","token_url":"http://h","client_id":"i","client_secret":"s",
			"scopes":["a:b","c"],"audience":"x","style":"body","ca_certificate":""}`: {
			Type: "oauth2_client_credentials", TokenURL: "http://h", ClientID: "i", ClientSecret: "s",
			Scopes: []string{"a:b", "c"}, Audience: "x", Style: "body"},
		`{"type":"aws_sigv4","service":"lambda","region":"r"}`: {Type: "aws_sigv4", Service: "lambda", Region: "r"},
		`{"type":"aws_sigv4","service":"lambda","region":"r","access_key_id":"a","secret_access_key":"s","session_token":"t"}`: {
			Type: "aws_sigv4", Service: "lambda", Region: "r", AccessKeyID: "a", SecretAccessKey: "s", SessionToken: "t"},
	}
	for raw, want := range tests {
		t.Run(string(want.Type), func(t *testing.T) {
			config, err := Parse(readSpec(t), []byte(`{"url":"http://h","authentication":`+raw+`}`))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, config.Authentication); diff != "" {
				t.Errorf("authentication (-want +got):\n%s", diff)
			}
		})
	}
}

const (
	control = "expected no line break, NUL or other control character, a pasted text may end in one"
	folded  = "expected a path without //, /./ and /../, which AWS would verify in another form than it was signed"
)

var wrongCredentials = map[string]struct {
	raw  string // members after the URL
	want []string
}{
	"of no type": {`"authentication":{"type":"digest"}`,
		[]string{"authentication.type: expected one of none, basic, bearer, oauth2_client_credentials, aws_sigv4"}},
	"twice": {`"authorization_header":"Bearer a","authentication":{"type":"bearer","token":"b"}`,
		[]string{"authentication.type: expected none, authorization_header sends the credentials already"}},
	"in a header as well": {`"authentication":{"type":"bearer","token":"b"},"headers":[{"name":"Authorization","value":"c"}]`,
		[]string{"headers.0.name: expected another header, authentication sets this one"}},
	"in a header of AWS": {`"authentication":{"type":"aws_sigv4","service":"s","region":"r"},"headers":[{"name":"X-Amz-Date","value":"c"}]`,
		[]string{"headers.0.name: expected another header, authentication sets this one"}},
	"basic unfinished": {`"authentication":{"type":"basic"}`,
		[]string{"authentication.password: required, expected a text", "authentication.user: required, expected a name without a colon"}},
	"colon in the user": {`"authentication":{"type":"basic","user":"a:b","password":""}`,
		[]string{"authentication.user: expected a name without a colon"}},
	"empty token":           {`"authentication":{"type":"bearer","token":""}`, []string{"authentication.token: expected a text that is not empty"}},
	"line break in a token": {`"authentication":{"type":"bearer","token":"a\n"}`, []string{"authentication.token: " + control}},
	"OAuth2": {`"authentication":{"type":"oauth2_client_credentials","token_url":"https://u:p@h","client_id":"","style":"query","scopes":["a b"]}`,
		[]string{
			"authentication.client_id: expected a text that is not empty",
			"authentication.client_secret: required, expected a text that is not empty",
			"authentication.scopes.0: expected a scope without spaces, quotes and backslashes",
			"authentication.style: expected one of header, body",
			"authentication.token_url: expected no user or password in the URL, put credentials in their own fields",
		}},
	"half a pair of AWS keys": {`"authentication":{"type":"aws_sigv4","service":"s","region":"r","access_key_id":"a"}`,
		[]string{"authentication.secret_access_key: required along with access_key_id"}},
	"line breaks for AWS": {`"authentication":{"type":"aws_sigv4","service":"a\r\nb","region":"r\n","access_key_id":"i\n","secret_access_key":"s"}`,
		[]string{
			"authentication.access_key_id: expected a text of letters, digits, dots, dashes and underscores",
			"authentication.region: expected a text of letters, digits, dots, dashes and underscores",
			"authentication.service: expected a text of letters, digits, dots, dashes and underscores",
		}},
	"paths that AWS folds": {`"authentication":{"type":"aws_sigv4","service":"s","region":"r"},"streams":[{"stream":"a","url":"http://h/a//b"},{"stream":"b","url":"http://h/a/%2e%2e"},{"stream":"c","url":"http://h/./a"},{"stream":"d","url":"http://h/a/"},{"stream":"e","url":"http://h/a%2F%2Fb"}]`,
		[]string{"streams.0.url: " + folded, "streams.1.url: " + folded, "streams.2.url: " + folded}},
	"authority of the token URL": {`"authentication":{"type":"oauth2_client_credentials","token_url":"https://h","client_id":"i","client_secret":"s","ca_certificate":"hunter2"}`,
		[]string{"authentication.ca_certificate: is not PEM: paste it with its BEGIN and END lines and its line breaks"}},
	"a session without keys": {`"authentication":{"type":"aws_sigv4","service":"s","region":"r","session_token":"a"}`,
		[]string{"authentication.access_key_id: required along with session_token"}},

	"signing secret of another form": {`"signing":{"secret":"hunter2"}`,
		[]string{"signing.secret: expected whsec_ and base64 (openssl rand -base64 32 makes some), or whsk_ and an Ed25519 private key (destination-webhook keys makes one)"}},
	"signing secret without prefix": {`"signing":{"secret":"c2VjcmV0"}`,
		[]string{"signing.secret: expected whsec_ and the base64 of 24 to 64 random bytes, or whsk_ and the base64 of an Ed25519 private key"}},
	"signing secret cut off": {`"signing":{"secret":"whsec_c2VjcmV0c"}`,
		[]string{"signing.secret: expected whsec_ and base64 (openssl rand -base64 32 makes some), or whsk_ and an Ed25519 private key (destination-webhook keys makes one)"}},
	"previous secret alone": {`"signing":{"previous_secret":"whsec_c2VjcmV0"}`,
		[]string{"signing.secret: required along with previous_secret, which alone signs nothing"}},
	"secret for ed25519": {`"signing":{"type":"ed25519","secret":"whsec_c2VjcmV0"}`,
		[]string{"signing.secret: expected a private key, whsk_, for ed25519 (destination-webhook keys makes one)"}},
	"private key without a type": {`"signing":{"secret":"` + privateKey + `"}`,
		[]string{"signing.type: expected ed25519, since signing.secret is a private key"}},
	"private key cut off": {`"signing":{"type":"ed25519","secret":"whsk_c2VjcmV0"}`,
		[]string{"signing.secret: expected whsec_ and base64 (openssl rand -base64 32 makes some), or whsk_ and an Ed25519 private key (destination-webhook keys makes one)"}},
	"public key": {`"signing":{"type":"ed25519","secret":"whpk_c2VjcmV0"}`,
		[]string{"signing.secret: expected whsec_ and base64 (openssl rand -base64 32 makes some), or whsk_ and an Ed25519 private key (destination-webhook keys makes one)"}},
	"ed25519 that replaces a secret": {`"signing":{"type":"ed25519","secret":"` + privateKey + `","previous_secret":"whsec_c2VjcmV0"}`, nil},
	"secret that replaces ed25519":   {`"signing":{"secret":"whsec_c2VjcmV0","previous_secret":"` + privateKey + `"}`, nil},
	"the same secret twice": {`"signing":{"secret":"whsec_c2VjcmV0","previous_secret":"whsec_c2VjcmV0"}`,
		[]string{"signing.previous_secret: expected another secret than the one that replaces it"}},

	"TLS version":    {`"tls":{"min_version":"1.0"}`, []string{"tls.min_version: expected one of 1.2, 1.3"}},
	"TLS as a text":  {`"tls":"1.2"`, []string{"tls: expected an object"}},
	"no certificate": {`"tls":{"ca_certificate":"hunter2"}`, []string{"tls.ca_certificate: is not PEM: paste it with its BEGIN and END lines and its line breaks"}},
	"key alone":      {`"tls":{"client_key":"hunter2"}`, []string{"tls.client_certificate: is missing, tls.client_key is set"}},
}

func TestParseRefusesCredentials(t *testing.T) {
	for name, test := range wrongCredentials {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, problemsOf(t, `{"url":"http://h",`+test.raw+`}`)); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}

const privateKey = signaturetest.PrivateKey

func TestSigningSecrets(t *testing.T) {
	tests := []struct {
		signing Signing
		want    []string
	}{
		{Signing{}, nil},
		{Signing{Secret: "a"}, []string{"a"}},
		{Signing{Secret: "a", PreviousSecret: "b"}, []string{"a", "b"}},
	}
	for _, test := range tests {
		if diff := cmp.Diff(test.want, test.signing.Secrets()); diff != "" {
			t.Errorf("secrets (-want +got):\n%s", diff)
		}
	}
}

// Every secret of the spec is among the secrets of a config that has it.
func TestSecretsHaveEverySecretField(t *testing.T) {
	config := &Config{Authentication: Authentication{Password: "p", Token: "t", ClientSecret: "c", AccessKeyID: "k", SecretAccessKey: "l", SessionToken: "m"},
		Signing: Signing{Secret: "s", PreviousSecret: "r"}, TLS: TLS{ClientKey: "y"}, AuthorizationHeader: "h", APIKey: "a",
		Headers:    []Header{{Value: "v"}, {Value: "w"}},
		DeadLetter: Output{AuthorizationHeader: "d", S3: S3{AccessKeyID: "b", SecretAccessKey: "e"}},
		Report:     Output{AuthorizationHeader: "i", S3: S3{AccessKeyID: "j", SecretAccessKey: "n"}},
		Snapshot:   Snapshot{S3: S3{AccessKeyID: "f", SecretAccessKey: "g"}, Postgres: Postgres{ConnectionURL: "u"}}}
	want := []string{"h", "a", "p", "t", "c", "k", "l", "m", "v", "w", "f", "g", "u", "s", "r", "y", "d", "b", "e", "i", "j", "n"}
	if diff := cmp.Diff(want, secretFields(reflect.ValueOf(*config))); diff != "" {
		t.Errorf("secrets (-want +got):\n%s", diff)
	}
}

func TestSecretsHaveTheTokenURL(t *testing.T) {
	config := &Config{Authentication: Authentication{TokenURL: "https://h/?k=t0ken-in-url"}}
	if !slices.Contains(config.Secrets(), "t0ken-in-url") {
		t.Errorf("the token in authentication.token_url is no secret")
	}
}
