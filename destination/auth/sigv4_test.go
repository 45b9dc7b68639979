package auth

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"
)

// The credentials, date and scope of AWS's Signature Version 4 test suite.
const (
	vectorKey    = "AKIDEXAMPLE"
	vectorSecret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
)

var vectorTime = time.Date(2015, 8, 30, 12, 36, 0, 0, time.UTC)

// The signatures are those that AWS publishes: in the test suite, and for IAM's
// ListUsers in its documentation.
func TestSigV4Vectors(t *testing.T) {
	tests := []struct {
		name, method, url, service string
		header                     map[string]string
		want                       string
	}{
		{"get-unreserved", "GET", "https://example.amazonaws.com/-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", "service", nil,
			"07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f"},
		{"get-vanilla-utf8-query", "GET", "https://example.amazonaws.com/?\u1234=bar", "service", nil,
			"2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04"},
		{"get-vanilla", "GET", "https://example.amazonaws.com/", "service", nil,
			"5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
		{"post-vanilla", "POST", "https://example.amazonaws.com/", "service", nil,
			"5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"},
		{"get-vanilla-query-order-key-case", "GET", "https://example.amazonaws.com/?Param2=value2&Param1=value1", "service", nil,
			"b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"},
		{"IAM ListUsers", "GET", "https://iam.amazonaws.com/?Action=ListUsers&Version=2010-05-08", "iam",
			map[string]string{"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"},
			"5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			req, err := http.NewRequest(test.method, test.url, nil)
			if err != nil {
				t.Fatal(err)
			}
			for name, value := range test.header {
				req.Header.Set(name, value)
			}
			req.Header.Set("Traceparent", "sent, and not signed")
			signer := newVectorSigner(t, nil, test.service)
			wantSignature(t, signer, req, test.want)
			if req.Header.Get("Authorization") != "" || req.URL.String() != test.url {
				t.Error("the caller's request was written to")
			}
		})
	}
}

// post-x-www-form-urlencoded of the test suite, which does not sign the length of its body: neither
// does the signer if it is not told the length.
func TestSigV4VectorWithBody(t *testing.T) {
	req, err := http.NewRequest("POST", "https://example.amazonaws.com/", strings.NewReader("Param1=value1"))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.ContentLength = -1
	wantSignature(t, newVectorSigner(t, nil, "service"), req, "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a")
}

// post-sts-header-before of the test suite: the session's token is one of the signed headers.
func TestSigV4VectorWithSession(t *testing.T) {
	req, err := http.NewRequest("POST", "https://example.amazonaws.com/", nil)
	if err != nil {
		t.Fatal(err)
	}
	signer := newVectorSigner(t, nil, "service")
	signer.credentials.SessionToken = "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA=="
	wantSignature(t, signer, req, "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead")
}

func wantSignature(t *testing.T, signer *signing, req *http.Request, want string) {
	t.Helper()
	signed, err := signer.sign(req, vectorTime)
	if err != nil {
		t.Fatal(err)
	}
	if got := signed.Header.Get("Authorization"); !strings.HasSuffix(got, "Signature="+want) {
		t.Errorf("got %s, want signature %s", got, want)
	}
}

// An endpoint that knows the secret comes to the same signature from what it
// received: the hash is that of the very bytes of the body.
func TestSigV4OverTheWire(t *testing.T) {
	var problem string
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { problem = judge(r) }))
	defer server.Close()
	transport := newVectorSigner(t, http.DefaultTransport, "service")
	for _, body := range []string{"", "rows", "\x1f\x8b\x00\xff", strings.Repeat("x", 1<<20)} {
		for _, path := range []string{"/", "/hooks/a%20b", "/hooks?b=2&a=1&c=x+y%2F"} {
			req, err := http.NewRequest(http.MethodPost, server.URL+path, strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Content-Type", "application/json")
			req.Header.Set("Webhook-Id", "abc")
			response, err := transport.RoundTrip(req)
			if err != nil {
				t.Fatal(err)
			}
			_ = response.Body.Close()
			if problem != "" {
				t.Errorf("%s with %d bytes: %s", path, len(body), problem)
			}
		}
	}
}

var authorization = regexp.MustCompile(`^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/(\d{8})/us-east-1/service/aws4_request, SignedHeaders=([a-z0-9;-]+), Signature=([0-9a-f]{64})$`)

// judge follows "Create a signed AWS API request" in AWS's documentation.
func judge(r *http.Request) string {
	match := authorization.FindStringSubmatch(r.Header.Get("Authorization"))
	if match == nil {
		return "no such header: " + r.Header.Get("Authorization")
	}
	if !strings.Contains(match[2], "webhook-id") || !strings.Contains(match[2], "content-type") {
		return "headers are not signed: " + match[2]
	}
	r.Header.Set("Host", r.Host)
	r.Header.Set("Content-Length", fmt.Sprint(r.ContentLength))
	var headers strings.Builder
	for name := range strings.SplitSeq(match[2], ";") {
		fmt.Fprintf(&headers, "%s:%s\n", name, r.Header.Get(name))
	}
	body, _ := io.ReadAll(r.Body)
	path := strings.ReplaceAll(r.URL.EscapedPath(), "%", "%25") // every service but S3 escapes twice
	query := strings.ReplaceAll(r.URL.Query().Encode(), "+", "%20")
	canonical := strings.Join([]string{r.Method, path, query, headers.String(), match[2], sum(body)}, "\n")
	text := strings.Join([]string{"AWS4-HMAC-SHA256", r.Header.Get("X-Amz-Date"), match[1] + "/us-east-1/service/aws4_request", sum([]byte(canonical))}, "\n")
	key := []byte("AWS4" + vectorSecret)
	for _, part := range []string{match[1], "us-east-1", "service", "aws4_request", text} {
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(part))
		key = mac.Sum(nil)
	}
	if hex.EncodeToString(key) != match[3] {
		return "signature differs for\n" + canonical
	}
	return ""
}

func sum(b []byte) string {
	digest := sha256.Sum256(b)
	return hex.EncodeToString(digest[:])
}

func TestSigV4CredentialsFromTheEnvironment(t *testing.T) {
	env := map[string]string{"AWS_ACCESS_KEY_ID": "ENVKEY", "AWS_SECRET_ACCESS_KEY": "env secret", "AWS_SESSION_TOKEN": "env session"}
	getenv := func(name string) string { return env[name] }
	tests := []struct {
		name         string
		options      SigV4Options
		key, session string
		wantErr      bool
	}{
		{"from the environment", SigV4Options{Getenv: getenv}, "ENVKEY", "env session", false},
		{"config wins", SigV4Options{Getenv: getenv, AccessKeyID: "MINE", SecretAccessKey: "x"}, "MINE", "", false},
		{"config with a session", SigV4Options{AccessKeyID: "MINE", SecretAccessKey: "x", SessionToken: "s"}, "MINE", "s", false},
		{"not allowed", SigV4Options{}, "", "", true},
		{"never mixed", SigV4Options{Getenv: getenv, AccessKeyID: "MINE"}, "", "", true},
		{"empty environment", SigV4Options{Getenv: func(string) string { return "" }}, "", "", true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := awsCredentials(test.options)
			if (err != nil) != test.wantErr {
				t.Fatalf("error %v, want one: %v", err, test.wantErr)
			}
			if got.AccessKeyID != test.key || got.SessionToken != test.session {
				t.Errorf("got key %q, session %q", got.AccessKeyID, got.SessionToken)
			}
		})
	}
}

func newVectorSigner(t *testing.T, base http.RoundTripper, service string) *signing {
	t.Helper()
	transport, err := newSigV4(base, SigV4Options{Service: service, Region: "us-east-1", AccessKeyID: vectorKey, SecretAccessKey: vectorSecret})
	if err != nil {
		t.Fatal(err)
	}
	return transport.(*signing)
}
