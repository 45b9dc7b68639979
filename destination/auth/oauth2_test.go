package auth_test

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"destination-webhook/destination/auth"
	"destination-webhook/destination/redact"

	"github.com/google/go-cmp/cmp"
)

// issuer is a token endpoint: it counts, and issues token-1, token-2, …
type issuer struct {
	issued   atomic.Int64
	lifetime int // seconds; 0 leaves expires_in out
}

func (i *issuer) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	answer := map[string]any{"access_token": fmt.Sprintf("token-%d", i.issued.Add(1)), "token_type": "Bearer"}
	if i.lifetime > 0 {
		answer["expires_in"] = i.lifetime
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(answer)
}

// direct is a transport that calls a handler: no socket, so it runs in a bubble.
func direct(handler http.Handler) http.RoundTripper {
	return roundTripper(func(req *http.Request) (*http.Response, error) {
		if err := req.Context().Err(); err != nil {
			return nil, err
		}
		recorder := httptest.NewRecorder()
		handler.ServeHTTP(recorder, req)
		return recorder.Result(), nil
	})
}

func oauth2Transport(t *testing.T, endpoint, tokens http.RoundTripper) http.RoundTripper {
	t.Helper()
	transport, err := auth.NewTransport(endpoint, auth.Options{Type: auth.OAuth2, OAuth2: auth.OAuth2Options{
		TokenURL: "https://id.example/token", ClientID: "client", ClientSecret: "hunter2", Transport: tokens,
	}})
	if err != nil {
		t.Fatal(err)
	}
	return transport
}

// Over real sockets: the token endpoint has its own trust, and the request has
// what RFC 6749, section 4.4.2, asks for.
func TestOAuth2OverTLS(t *testing.T) {
	tests := []struct {
		style     string
		wantBasic string
		wantForm  map[string][]string
	}{
		{"", "client:p%26ss", map[string][]string{"grant_type": {"client_credentials"}, "scope": {"rows:write more"}, "audience": {"https://api.example"}}},
		{"header", "client:p%26ss", map[string][]string{"grant_type": {"client_credentials"}, "scope": {"rows:write more"}, "audience": {"https://api.example"}}},
		{"body", ":", map[string][]string{"grant_type": {"client_credentials"}, "scope": {"rows:write more"}, "audience": {"https://api.example"}, "client_id": {"client"}, "client_secret": {"p&ss"}}},
	}
	for _, test := range tests {
		t.Run("style "+test.style, func(t *testing.T) {
			var basic string
			var form map[string][]string
			identity := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				user, password, _ := r.BasicAuth()
				_ = r.ParseForm()
				basic, form = user+":"+password, r.PostForm
				new(issuer).ServeHTTP(w, r)
			}))
			defer identity.Close()
			var header string
			endpoint := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { header = r.Header.Get("Authorization") }))
			defer endpoint.Close()

			var told []string
			transport := newTransport(t, auth.Options{Type: auth.OAuth2, OAuth2: auth.OAuth2Options{
				TokenURL: identity.URL + "/token", ClientID: "client", ClientSecret: "p&ss",
				Scopes: []string{"rows:write", "more"}, Audience: "https://api.example", Style: test.style,
				Transport: identity.Client().Transport,
				OnToken:   func(token redact.Secret) { told = append(told, token.Reveal()+" before "+header) },
			}})
			send(t, transport, newRequest(t, endpoint.URL, "rows"))

			if diff := cmp.Diff(test.wantForm, form); diff != "" {
				t.Errorf("form (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff([]string{test.wantBasic, "Bearer token-1", "token-1 before "}, append([]string{basic, header}, told...)); diff != "" {
				t.Errorf("credentials, header, what OnToken was told (-want +got):\n%s", diff)
			}
		})
	}
}

// The endpoint's transport may skip verification; the token's does not.
func TestOAuth2DoesNotInheritTheEndpointsSkip(t *testing.T) {
	asked := false
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked = true }))
	server.Config.ErrorLog = silent
	server.StartTLS()
	defer server.Close()
	skipping := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
	defer skipping.CloseIdleConnections()
	strict := &http.Transport{}

	transport, err := auth.NewTransport(skipping, auth.Options{Type: auth.OAuth2, OAuth2: auth.OAuth2Options{
		TokenURL: server.URL, ClientID: "client", ClientSecret: "hunter2", Transport: strict,
	}})
	if err != nil {
		t.Fatal(err)
	}
	err = roundTrip(transport, newRequest(t, server.URL, ""))
	var failed *auth.TokenError
	if !errors.As(err, &failed) || !failed.Permanent() || asked {
		t.Errorf("asked %v, error %v", asked, err)
	}
}

func TestOAuth2OneTokenForAllWorkers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		identity := &issuer{lifetime: 3600}
		slow := roundTripper(func(req *http.Request) (*http.Response, error) {
			time.Sleep(time.Second) // of the bubble: all workers ask meanwhile
			return direct(identity).RoundTrip(req)
		})
		var sent atomic.Int64
		endpoint := direct(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Authorization") == "Bearer token-1" {
				sent.Add(1)
			}
		}))
		transport := oauth2Transport(t, endpoint, slow)
		var workers sync.WaitGroup
		for range 20 {
			workers.Go(func() { send(t, transport, newRequest(t, "https://endpoint.example", "rows")) })
		}
		workers.Wait()
		if identity.issued.Load() != 1 || sent.Load() != 20 {
			t.Errorf("%d tokens for %d requests", identity.issued.Load(), sent.Load())
		}
	})
}

func TestOAuth2RenewsBeforeTheEnd(t *testing.T) {
	tests := []struct {
		name     string
		lifetime int
		after    time.Duration
		want     string
	}{
		{"well before", 3600, 3539 * time.Second, "Bearer token-1"},
		{"a minute before", 3600, 3540 * time.Second, "Bearer token-2"},
		{"short life, well before", 100, 79 * time.Second, "Bearer token-1"},
		{"short life, its last fifth", 100, 80 * time.Second, "Bearer token-2"},
		{"no end told", 0, 1000 * time.Hour, "Bearer token-1"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var got string
				endpoint := direct(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r.Header.Get("Authorization") }))
				transport := oauth2Transport(t, endpoint, direct(&issuer{lifetime: test.lifetime}))
				send(t, transport, newRequest(t, "https://endpoint.example", ""))
				time.Sleep(test.after)
				send(t, transport, newRequest(t, "https://endpoint.example", ""))
				if got != test.want {
					t.Errorf("got %s, want %s", got, test.want)
				}
			})
		})
	}
}

// A revoked token is replaced once, and the body is sent again from its start.
func TestOAuth2RetriesOn401(t *testing.T) {
	tests := []struct {
		name       string
		accepts    string
		oneShot    bool // a body that cannot be read twice
		wantStatus int
		wantSeen   []string
	}{
		{"first is good", "token-1", false, 200, []string{"Bearer token-1: rows"}},
		{"second is good", "token-2", false, 200, []string{"Bearer token-1: rows", "Bearer token-2: rows"}},
		{"none is good", "", false, 401, []string{"Bearer token-1: rows", "Bearer token-2: rows"}},
		{"body is gone", "token-2", true, 401, []string{"Bearer token-1: rows"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var seen []string
			endpoint := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				seen = append(seen, r.Header.Get("Authorization")+": "+string(body))
				if r.Header.Get("Authorization") != "Bearer "+test.accepts {
					http.Error(w, "who are you", http.StatusUnauthorized)
				}
			}))
			defer endpoint.Close()
			req := newRequest(t, endpoint.URL, "rows")
			if test.oneShot {
				req.GetBody = nil
			}
			status := send(t, oauth2Transport(t, http.DefaultTransport, direct(&issuer{})), req)
			if status != test.wantStatus {
				t.Errorf("status %d, want %d", status, test.wantStatus)
			}
			if diff := cmp.Diff(test.wantSeen, seen); diff != "" {
				t.Errorf("requests (-want +got):\n%s", diff)
			}
		})
	}
}

// net/http would rewind a body that was read, and hide one that is not sent again.
func TestOAuth2ResendsByItself(t *testing.T) {
	refusal := &closeRecorder{Reader: strings.NewReader("who are you")}
	var bodies []string
	endpoint := roundTripper(func(req *http.Request) (*http.Response, error) {
		body, _ := io.ReadAll(req.Body)
		bodies = append(bodies, string(body))
		if len(bodies) == 1 {
			return &http.Response{StatusCode: http.StatusUnauthorized, Body: refusal}, nil
		}
		if !refusal.closed {
			t.Error("the first answer is left open and holds its connection")
		}
		return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody}, nil
	})
	send(t, oauth2Transport(t, endpoint, direct(&issuer{})), newRequest(t, "https://endpoint.example", "rows"))
	if diff := cmp.Diff([]string{"rows", "rows"}, bodies); diff != "" {
		t.Errorf("bodies (-want +got):\n%s", diff)
	}
}

// Workers whose token is refused at the same time share the new one.
func TestOAuth2OneTokenForAllRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		identity := &issuer{}
		var refused atomic.Int64
		endpoint := direct(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Authorization") == "Bearer token-1" {
				refused.Add(1)
				time.Sleep(time.Second) // of the bubble: all are refused together
				w.WriteHeader(http.StatusUnauthorized)
			}
		}))
		transport := oauth2Transport(t, endpoint, direct(identity))
		var workers sync.WaitGroup
		for range 20 {
			workers.Go(func() {
				if status := send(t, transport, newRequest(t, "https://endpoint.example", "")); status != http.StatusOK {
					t.Errorf("status %d", status)
				}
			})
		}
		workers.Wait()
		if identity.issued.Load() != 2 || refused.Load() != 20 {
			t.Errorf("%d tokens, %d refusals", identity.issued.Load(), refused.Load())
		}
	})
}

// A service may issue the same token until it ends: that it was asked is what tells a fresh one
// from the rejected.
func TestOAuth2SameTokenAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked atomic.Int64
		identity := direct(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			asked.Add(1)
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, `{"access_token":"always-this","token_type":"Bearer"}`)
		}))
		endpoint := direct(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			time.Sleep(time.Second) // of the bubble: all are refused together
			w.WriteHeader(http.StatusUnauthorized)
		}))
		transport := oauth2Transport(t, endpoint, identity)
		var workers sync.WaitGroup
		for range 16 {
			workers.Go(func() { send(t, transport, newRequest(t, "https://endpoint.example", "")) })
		}
		workers.Wait()
		if asked.Load() != 2 {
			t.Errorf("%d token requests for 16 workers that were refused once", asked.Load())
		}
	})
}

// Workers that waited for a fetch that failed do not ask again; those that come later do.
func TestOAuth2SharesAFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked atomic.Int64
		identity := direct(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			asked.Add(1)
			time.Sleep(10 * time.Second) // of the bubble
			w.WriteHeader(http.StatusServiceUnavailable)
		}))
		transport := oauth2Transport(t, direct(&issuer{}), identity)
		for round := range int64(2) {
			began := time.Now()
			var workers sync.WaitGroup
			for range 16 {
				workers.Go(func() {
					var failed *auth.TokenError
					if err := roundTrip(transport, newRequest(t, "https://endpoint.example", "")); !errors.As(err, &failed) || failed.Status != http.StatusServiceUnavailable {
						t.Errorf("got %v", err)
					}
				})
			}
			workers.Wait()
			if asked.Load() != round+1 || time.Since(began) != 10*time.Second {
				t.Errorf("%d token requests by round %d, which took %v", asked.Load(), round+1, time.Since(began))
			}
		}
	})
}

func TestOAuth2WaitsNoLongerThanItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hanging := roundTripper(func(req *http.Request) (*http.Response, error) {
			<-req.Context().Done()
			return nil, req.Context().Err()
		})
		transport := oauth2Transport(t, direct(&issuer{}), hanging)
		start := time.Now()
		var workers sync.WaitGroup
		for _, patience := range []time.Duration{20 * time.Second, time.Second} {
			workers.Go(func() {
				ctx, cancel := context.WithTimeout(t.Context(), patience)
				defer cancel()
				req := newRequest(t, "https://endpoint.example", "").WithContext(ctx)
				if err := roundTrip(transport, req); !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("after %v: %v", time.Since(start), err)
				}
				if waited := time.Since(start); waited != patience {
					t.Errorf("waited %v, has patience for %v", waited, patience)
				}
			})
			synctest.Wait()
		}
		workers.Wait()
	})
}

func TestTokenErrorShowsStatusAndCodeOnly(t *testing.T) {
	const echo = "hunter2"
	tests := []struct {
		name        string
		status      int
		contentType string
		body        string
		want        string
		permanent   bool
	}{
		{"wrong secret", 401, "application/json", `{"error":"invalid_client","error_description":"hunter2 is wrong"}`, "answered 401 invalid_client: check the client id", true},
		{"wrong scope", 400, "application/json", `{"error":"invalid_scope"}`, "answered 400 invalid_scope: check the scopes", true},
		{"error in a 200", 200, "application/json", `{"error":"invalid_client"}`, "invalid_client", true},
		{"form", 400, "application/x-www-form-urlencoded", "error=invalid_grant&error_description=hunter2", "400 invalid_grant", true},
		{"page", 404, "text/html", "<h1>hunter2</h1>", "answered 404: check the token URL", true},
		{"redirect", 307, "text/plain", "hunter2", "answered 307: check the token URL", true},
		{"code is an echo", 400, "application/json", `{"error":"you sent hunter2\n"}`, "answered 400: check", true},
		{"code is nothing but the echo", 401, "application/json", `{"error":"hunter2"}`, "answered 401: check the client id", true},
		{"a token too long for a header", 200, "application/json", `{"token_type":"Bearer","access_token":"` + strings.Repeat("hunter2", 3000) + `"}`, "its access_token is not valid in a header: check the token URL", true},
		{"overload", 503, "text/plain", "hunter2", "answered 503: try again later", false},
		{"too many", 429, "application/json", `{"error":"slow_down"}`, "answered 429 slow_down: try again later", false},
		{"busy", 400, "application/json", `{"error":"temporarily_unavailable"}`, "try again later", false},
		{"no token", 200, "application/json", `{"hunter2":1}`, "no access_token: check the token URL", true},
		{"line break in the token", 200, "application/json", `{"access_token":"a\r\nX-Injected: hunter2"}`, "not valid in a header", true},
		{"space in the token", 200, "application/json", `{"access_token":"a hunter2"}`, "not valid in a header", true},
		{"endless token", 200, "application/json", `{"access_token":"` + strings.Repeat("hunter2", 10_000) + `"}`, "not valid in a header", true},
		{"no JSON", 200, "text/html", "hunter2", "no access_token: check the token URL", true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			asked := 0
			identity := direct(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				asked++
				w.Header().Set("Content-Type", test.contentType)
				w.Header().Set("Location", "https://elsewhere.example/hunter2")
				w.WriteHeader(test.status)
				_, _ = io.WriteString(w, test.body)
			}))
			err := roundTrip(oauth2Transport(t, direct(&issuer{}), identity), newRequest(t, "https://endpoint.example", ""))
			var failed *auth.TokenError
			if !errors.As(err, &failed) || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), "id.example") {
				t.Fatalf("got %v, want an error with %q", err, test.want)
			}
			if strings.Contains(err.Error(), echo) || strings.Contains(err.Error(), "/token") {
				t.Errorf("shows too much: %v", err)
			}
			if failed.Permanent() != test.permanent || asked != 1 {
				t.Errorf("permanent %v, want %v; asked %d times", failed.Permanent(), test.permanent, asked)
			}
		})
	}
}

// Servers write a lifetime in several ways, and some call their JSON text.
func TestOAuth2ReadsLenientAnswers(t *testing.T) {
	for body, renewed := range map[string]bool{ // after an hour and a day
		`{"access_token":"t","expires_in":3600}`:                 true,
		`{"access_token":"t","expires_in":"3600"}`:               true,
		`{"access_token":"t","expires_in":3600.5}`:               true,
		`{"access_token":"t","expires_in":3.6e3}`:                true,
		"\ufeff" + `{"access_token":"t","expires_in":" 3600 "}`:  true,
		`{"access_token":"t","expires_in":1e18}`:                 false,
		`{"access_token":"t","expires_in":1e999}`:                false,
		`{"access_token":"t","expires_in":99999999999999999999}`: false,
		`{"access_token":"t","expires_in":"soon"}`:               false,
		`{"access_token":"t","expires_in":null}`:                 false,
		`{"access_token":"t","expires_in":{}}`:                   false,
		`{"access_token":"t","expires_in":-1}`:                   false,
		`{"access_token":"t"}`:                                   false,
	} {
		for _, contentType := range []string{"application/json", "text/plain; charset=utf-8", "text/html", ""} {
			synctest.Test(t, func(t *testing.T) {
				asked := 0
				identity := direct(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
					asked++
					w.Header().Set("Content-Type", contentType)
					_, _ = io.WriteString(w, body)
				}))
				transport := oauth2Transport(t, direct(&issuer{}), identity)
				for range 2 {
					if err := roundTrip(transport, newRequest(t, "https://endpoint.example", "")); err != nil {
						t.Errorf("%s as %q: %v", body, contentType, err)
					}
					time.Sleep(25 * time.Hour)
				}
				if (asked == 2) != renewed {
					t.Errorf("%s as %q: asked %d times", body, contentType, asked)
				}
			})
		}
	}
}

// Form-encoded answers, which some servers give, are still read.
func TestOAuth2ReadsForms(t *testing.T) {
	identity := direct(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		_, _ = io.WriteString(w, "access_token=t&expires_in=3600")
	}))
	if err := roundTrip(oauth2Transport(t, direct(&issuer{}), identity), newRequest(t, "https://endpoint.example", "")); err != nil {
		t.Error(err)
	}
}

func TestTokenErrorOfTheNetwork(t *testing.T) {
	broken := errors.New("connection reset")
	for name, identity := range map[string]http.RoundTripper{
		"no connection": roundTripper(func(*http.Request) (*http.Response, error) { return nil, broken }),
		"breaks off": roundTripper(func(*http.Request) (*http.Response, error) {
			body := io.NopCloser(io.MultiReader(strings.NewReader("{"), failingReader{broken}))
			return &http.Response{StatusCode: http.StatusOK, Body: body, Header: http.Header{}}, nil
		}),
	} {
		err := roundTrip(oauth2Transport(t, direct(&issuer{}), identity), newRequest(t, "https://endpoint.example", ""))
		var failed *auth.TokenError
		if !errors.As(err, &failed) || failed.Permanent() || strings.Contains(err.Error(), "/token") {
			t.Errorf("%s: %v", name, err)
		}
		if name == "no connection" && !errors.Is(err, broken) {
			t.Errorf("%s: the cause is lost: %v", name, err)
		}
	}
}

type failingReader struct{ err error }

func (r failingReader) Read([]byte) (int, error) { return 0, r.err }

func roundTrip(transport http.RoundTripper, req *http.Request) error {
	response, err := transport.RoundTrip(req)
	if err != nil {
		return err
	}
	return response.Body.Close()
}
