package outbound

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"destination-webhook/destination/auth"
	"destination-webhook/destination/config"
	"destination-webhook/destination/config/configtest"
	"destination-webhook/destination/delivery"
	"destination-webhook/destination/guard"
	"destination-webhook/destination/redact"
)

func TestCredentials(t *testing.T) {
	a := &config.Authentication{
		Type: "aws_sigv4", User: "u", Password: "p", Token: "t",
		TokenURL: "http://h", ClientID: "i", ClientSecret: "s", Scopes: []string{"a"}, Audience: "x", Style: "body",
		Service: "lambda", Region: "r", AccessKeyID: "k", SecretAccessKey: "l", SessionToken: "m",
	}
	want := auth.Options{
		Type: auth.SigV4, User: "u", Password: "p", Token: "t",
		OAuth2: auth.OAuth2Options{TokenURL: "http://h", ClientID: "i", ClientSecret: "s", Scopes: []string{"a"}, Audience: "x", Style: "body"},
		SigV4:  auth.SigV4Options{Service: "lambda", Region: "r", AccessKeyID: "k", SecretAccessKey: "l", SessionToken: "m"},
	}
	if diff := cmp.Diff(want, (&Network{}).credentials(a, nil), cmpopts.IgnoreFields(auth.OAuth2Options{}, "OnToken")); diff != "" {
		t.Errorf("options (-want +got):\n%s", diff)
	}
}

// Servers that the environment names are judged by the guard before anything is dialled, and their
// URLs are secrets.
func TestReach(t *testing.T) {
	redactor := redact.New()
	g, err := guard.FromEnvironment(func(string) string { return "" })
	if err != nil {
		t.Fatal(err)
	}
	n := &Network{guard: g, options: Options{Redactor: redactor}, others: refusing{}}
	for address, ok := range map[string]bool{
		"https://collector.example.com/topsecret-path": true, "http://169.254.169.254/topsecret-path": false, "http://metadata.google.internal/": false,
	} {
		if transport, err := n.Reach("http://127.0.0.1:4318", address); (err == nil) != ok || (transport != nil) != ok {
			t.Errorf("%s: %v, %v", address, transport, err)
		}
	}
	if shown := redactor.String("/topsecret-path"); strings.Contains(shown, "topsecret") {
		t.Errorf("it shows %s", shown)
	}
}

// refusing is a transport whose every attempt fails for a moment.
type refusing struct{}

func (refusing) RoundTrip(*http.Request) (*http.Response, error) { return nil, io.ErrUnexpectedEOF }

// Whatever a client is for, its attempts are told of and Stop ends its retries.
func TestEveryClientIsObservedAndStopped(t *testing.T) {
	c := configtest.Parse(t, `,"delivery":{"retry":{"initial_interval_ms":60000,"max_interval_seconds":600}}`)
	for name, client := range map[string]func(n *Network) *delivery.Client{
		"the endpoint's":          (*Network).EndpointClient,
		"the dead-letter webhook": (*Network).PlainClient,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				attempted := make(chan delivery.Attempt)
				n := &Network{
					options:    Options{Config: c, Redactor: redact.New(), OnAttempt: func(a delivery.Attempt) { attempted <- a }},
					authorized: refusing{}, others: refusing{},
				}
				failed := make(chan error)
				other := n.EndpointClient() // not the only client
				one := client(n)
				go func() {
					_, err := one.Deliver(t.Context(), delivery.Request{Method: "POST", URL: "https://endpoint.test", ID: "msg_1"})
					failed <- err
				}()
				if a := <-attempted; a.ID != "msg_1" || a.Err == nil || a.Final {
					t.Errorf("got attempt %+v, want a failed one of msg_1", a)
				}
				n.Stop()
				began := time.Now()
				if err := <-failed; err == nil || time.Since(began) > 0 {
					t.Errorf("the delivery ended %v later with %v", time.Since(began), err)
				}
				if _, err := other.Deliver(t.Context(), delivery.Request{Method: "POST", URL: "https://endpoint.test"}); err == nil {
					t.Error("the other client delivers")
				}
			})
		})
	}
}
