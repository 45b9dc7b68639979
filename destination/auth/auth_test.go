package auth_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"destination-webhook/destination/auth"
	"destination-webhook/destination/redact"

	"github.com/google/go-cmp/cmp"
)

func TestStaticCredentials(t *testing.T) {
	tests := []struct {
		name    string
		options auth.Options
		want    string
	}{
		{"zero value", auth.Options{}, ""},
		{"none", auth.Options{Type: auth.None, Token: "ignored"}, ""},
		// RFC 7617, section 2.
		{"basic", auth.Options{Type: auth.Basic, User: "Aladdin", Password: "open sesame"}, "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="},
		{"basic with a colon in the password", auth.Options{Type: auth.Basic, User: "a", Password: "b:c"}, "Basic YTpiOmM="},
		// RFC 6750, section 2.1.
		{"bearer", auth.Options{Type: auth.Bearer, Token: "mF_9.B5f-4.1JqM"}, "Bearer mF_9.B5f-4.1JqM"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var got, body string
			server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				text, _ := io.ReadAll(r.Body)
				got, body = r.Header.Get("Authorization"), string(text)
			}))
			defer server.Close()
			req := newRequest(t, server.URL, "rows")
			send(t, newTransport(t, test.options), req)
			if diff := cmp.Diff([]string{test.want, "rows"}, []string{got, body}); diff != "" {
				t.Errorf("header and body (-want +got):\n%s", diff)
			}
			if len(req.Header) != 0 {
				t.Errorf("the caller's request was written to: %v", req.Header)
			}
		})
	}
}

func TestNewTransportRefuses(t *testing.T) {
	token := auth.OAuth2Options{TokenURL: "https://id.example/token", ClientID: "me", ClientSecret: "hunter2", Transport: http.DefaultTransport}
	with := func(change func(*auth.OAuth2Options)) auth.Options {
		o := token
		change(&o)
		return auth.Options{Type: auth.OAuth2, OAuth2: o}
	}
	keys := auth.SigV4Options{Service: "lambda", Region: "eu-west-1", AccessKeyID: "AKIDEXAMPLE"}
	tests := []struct {
		name    string
		options auth.Options
		want    string
	}{
		{"unknown type", auth.Options{Type: "digest"}, `authentication.type: "digest"`},
		{"colon in the user", auth.Options{Type: auth.Basic, User: "a:b"}, "authentication.user"},
		{"no token", auth.Options{Type: auth.Bearer}, "authentication.token"},
		{"no token URL", with(func(o *auth.OAuth2Options) { o.TokenURL = "" }), "authentication.token_url"},
		{"token URL does not parse", with(func(o *auth.OAuth2Options) { o.TokenURL = "https://id example/hunter2" }), "authentication.token_url"},
		{"token URL of another scheme", with(func(o *auth.OAuth2Options) { o.TokenURL = "file:///etc/passwd" }), "authentication.token_url"},
		{"password in the token URL", with(func(o *auth.OAuth2Options) { o.TokenURL = "https://me:hunter2@id.example/" }), "client_secret"},
		{"no client id", with(func(o *auth.OAuth2Options) { o.ClientID = "" }), "authentication.client_id"},
		{"unknown style", with(func(o *auth.OAuth2Options) { o.Style = "query" }), "authentication.style"},
		{"no transport for tokens", with(func(o *auth.OAuth2Options) { o.Transport = nil }), "transport"},
		{"no region", auth.Options{Type: auth.SigV4, SigV4: auth.SigV4Options{Service: "lambda"}}, "region"},
		{"half of the keys", auth.Options{Type: auth.SigV4, SigV4: keys}, "secret_access_key"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := auth.NewTransport(http.DefaultTransport, test.options)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("got %v, want an error with %s", err, test.want)
			}
			if strings.Contains(err.Error(), "hunter2") {
				t.Errorf("shows a secret: %v", err)
			}
		})
	}
}

// A request that is not sent has its body closed anyway.
func TestBodyIsClosedWhereNothingIsSent(t *testing.T) {
	unreachable := roundTripper(func(*http.Request) (*http.Response, error) { return nil, errors.New("unreachable") })
	for name, options := range map[string]auth.Options{
		"no token":         {Type: auth.OAuth2, OAuth2: auth.OAuth2Options{TokenURL: "http://id.example", ClientID: "me", Transport: unreachable}},
		"cannot be hashed": {Type: auth.SigV4, SigV4: auth.SigV4Options{Service: "s", Region: "r", AccessKeyID: "a", SecretAccessKey: "b"}},
	} {
		transport, err := auth.NewTransport(unreachable, options)
		if err != nil {
			t.Fatal(err)
		}
		body := &closeRecorder{Reader: strings.NewReader("rows")}
		req, _ := http.NewRequest(http.MethodPost, "http://endpoint.example", body)
		if response, err := transport.RoundTrip(req); err == nil {
			_ = response.Body.Close()
			t.Errorf("%s: no error", name)
		}
		if !body.closed {
			t.Errorf("%s: the body is left open", name)
		}
	}
}

type closeRecorder struct {
	io.Reader
	closed bool
}

func (c *closeRecorder) Close() error { c.closed = true; return nil }

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

func newTransport(t *testing.T, o auth.Options) http.RoundTripper {
	t.Helper()
	transport, err := auth.NewTransport(http.DefaultTransport, o)
	if err != nil {
		t.Fatal(err)
	}
	return transport
}

func newRequest(t *testing.T, url, body string) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	return req
}

// send returns the status of the answer.
func send(t *testing.T, transport http.RoundTripper, req *http.Request) int {
	t.Helper()
	response, err := transport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	return response.StatusCode
}

var _ redact.Secret = auth.Options{}.Token // secrets do not print with the options
