package destination

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"destination-webhook/destination/config"
	"destination-webhook/destination/config/configtest"
	"destination-webhook/destination/delivery"
	"destination-webhook/destination/outbound"
	"destination-webhook/destination/redact"
)

// ways are all that a config can make the process dial, by the setting that names the address.
var ways = map[string]func(ctx context.Context, c *config.Config, n *outbound.Network) error{
	"url": func(ctx context.Context, c *config.Config, n *outbound.Network) error {
		_, err := checkEndpoint(ctx, c, n, "test")
		return err
	},
	"url, connected to": func(ctx context.Context, c *config.Config, n *outbound.Network) error {
		c.ConnectionCheck = config.CheckConnect
		_, err := checkEndpoint(ctx, c, n, "test")
		return err
	},
	"streams.0.url": func(ctx context.Context, c *config.Config, n *outbound.Network) error {
		return deliverTo(ctx, c.Streams[0].URL, n)
	},
	"operations.removed.url": func(ctx context.Context, c *config.Config, n *outbound.Network) error {
		return deliverTo(ctx, c.Operations.Removed.URL, n)
	},
	"manifest.url": func(ctx context.Context, c *config.Config, n *outbound.Network) error {
		return deliverTo(ctx, c.Manifest.URL, n)
	},
	"authentication.token_url": func(ctx context.Context, c *config.Config, n *outbound.Network) error {
		_, err := checkEndpoint(ctx, c, n, "test")
		return err
	},
	"dead_letter.url":      storeLetter,
	"dead_letter.endpoint": storeLetter,
	"report.url":           sendAReport,
	"report.endpoint":      sendAReport,
	"snapshot.endpoint": func(ctx context.Context, c *config.Config, n *outbound.Network) error {
		b, err := n.Bucket(&c.Snapshot.S3)
		if err == nil {
			_, err = b.List(ctx, "")
		}
		return err
	},
}

// deliverTo sends to another address of the endpoint's, as a sync does.
func deliverTo(ctx context.Context, address string, n *outbound.Network) error {
	_, err := n.EndpointClient().Deliver(ctx, delivery.Request{Method: http.MethodPost, URL: address, Body: []byte("{}")})
	return err
}

func storeLetter(ctx context.Context, c *config.Config, n *outbound.Network) error {
	store, err := openDeadLetters(c, n, "test")
	if err != nil {
		return err
	}
	return store.Write(ctx, []byte("{}\n"))
}

func sendAReport(_ context.Context, c *config.Config, n *outbound.Network) error {
	return (&session{config: c, network: n}).sendReport([]byte("{}"), time.Now())
}

// configWith is a config in which one setting names the address and every other one a host that
// does not exist.
func configWith(t *testing.T, field, address string) map[string]any {
	t.Helper()
	keys := map[string]any{"type": "s3", "bucket": "rows", "region": "r", "access_key_id": "i", "secret_access_key": "s"}
	c := map[string]any{
		"url": "https://endpoint.invalid", "on_rejected_rows": "dead_letter",
		"delivery": map[string]any{"retry": map[string]any{"max_attempts": 1}},
	}
	if strings.HasPrefix(field, "dead_letter") {
		c["dead_letter"] = map[string]any{"type": "webhook", "url": address}
	}
	switch field {
	case "streams.0.url":
		c["streams"] = []any{map[string]any{"stream": "users", "url": address}}
	case "operations.removed.url":
		c["operations"] = map[string]any{"removed": map[string]any{"url": address}}
	case "manifest.url":
		c["manifest"] = map[string]any{"type": "webhook", "url": address}
	case "authentication.token_url":
		c["authentication"] = map[string]any{"type": "oauth2_client_credentials", "token_url": address, "client_id": "i", "client_secret": "s"}
	case "dead_letter.endpoint":
		c["dead_letter"] = maps.Clone(keys)
		c["dead_letter"].(map[string]any)["endpoint"] = address
	case "snapshot.endpoint":
		c["snapshot"] = maps.Clone(keys)
		c["snapshot"].(map[string]any)["endpoint"] = address
	case "report.url":
		c["report"] = map[string]any{"type": "webhook", "url": address}
	case "report.endpoint":
		c["report"] = maps.Clone(keys)
		c["report"].(map[string]any)["endpoint"] = address
	case "url", "url, connected to":
		c["url"] = address
	}
	if c["dead_letter"] == nil {
		c["on_rejected_rows"] = "fail"
	}
	return c
}

func networkOf(t *testing.T, settings map[string]any, env map[string]string) (*config.Config, *outbound.Network, error) {
	t.Helper()
	raw, err := json.Marshal(settings)
	if err != nil {
		t.Fatal(err)
	}
	c, err := config.Parse(configtest.Spec(t), raw)
	if err != nil {
		t.Fatal(err)
	}
	n, err := outbound.New(outbound.Options{Config: c, Getenv: func(name string) string { return env[name] }, Redactor: redact.New(c.Secrets()...)})
	if err == nil {
		t.Cleanup(n.Close)
	}
	return c, n, err
}

// tlsServer counts the connections and requests that it gets.
func tlsServer(t *testing.T) (server *httptest.Server, connections, requests *atomic.Int64) {
	t.Helper()
	connections, requests = new(atomic.Int64), new(atomic.Int64)
	server = httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { requests.Add(1) }))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.TLS = &tls.Config{GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) { connections.Add(1); return nil, nil }}
	server.StartTLS()
	t.Cleanup(server.Close)
	return server, connections, requests
}

// A name is judged by the address that it leads to, on every way out. It is judged when it is
// dialled: CheckURL, which comes before, knows no names.
func TestEveryWayOutIsGuarded(t *testing.T) {
	for field, use := range ways {
		t.Run(field, func(t *testing.T) {
			server, connections, _ := tlsServer(t)
			u, err := url.Parse(server.URL)
			if err != nil {
				t.Fatal(err)
			}
			config := configWith(t, field, "https://localhost:"+u.Port())
			c, n, err := networkOf(t, config, map[string]string{"WEBHOOK_DENY_PRIVATE_NETWORKS": "true"})
			if err != nil {
				t.Fatal(err)
			}
			err = use(t.Context(), c, n)
			if err == nil || !strings.Contains(err.Error(), "refused by the network guard") || strings.Contains(err.Error(), "endpoint's address") {
				t.Errorf("got %v", err)
			}
			if connections.Load() != 0 {
				t.Error("the address was dialled")
			}
		})
	}
}

// tls.insecure_skip_verify is for the endpoint: nothing else inherits it.
func TestSkipVerifyIsForTheEndpoint(t *testing.T) {
	for field, use := range ways {
		t.Run(field, func(t *testing.T) {
			server, _, requests := tlsServer(t)
			config := configWith(t, field, server.URL)
			config["tls"] = map[string]any{"insecure_skip_verify": true}
			c, n, err := networkOf(t, config, nil)
			if err != nil {
				t.Fatal(err)
			}
			err = use(t.Context(), c, n)
			if strings.HasPrefix(field, "url") || field == "streams.0.url" || field == "operations.removed.url" || field == "manifest.url" {
				if err != nil {
					t.Errorf("got %v", err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), "not signed by a known authority") || strings.Contains(err.Error(), "tls.ca_certificate") {
				t.Errorf("got %v", err)
			}
			if n := requests.Load(); n != 0 {
				t.Errorf("%d requests over a connection that was not verified", n)
			}
		})
	}
}

// In a hosted deployment the keys in the environment are the operator's.
func TestKeysOfTheEnvironment(t *testing.T) {
	keyless := map[string]any{"type": "s3", "bucket": "rows", "region": "r"}
	for mode, allowed := range map[string]bool{"CLOUD": false, "OSS": true} {
		env := map[string]string{"DEPLOYMENT_MODE": mode, "AWS_ACCESS_KEY_ID": "ENVKEY", "AWS_SECRET_ACCESS_KEY": "environment-secret"}
		_, _, err := networkOf(t, map[string]any{
			"url": "https://endpoint.invalid", "authentication": map[string]any{"type": "aws_sigv4", "service": "s", "region": "r"},
		}, env)
		if (err == nil) != allowed {
			t.Errorf("%s, aws_sigv4: %v", mode, err)
		}
		c, n, err := networkOf(t, map[string]any{
			"url": "https://endpoint.invalid", "snapshot": keyless, "dead_letter": keyless, "on_rejected_rows": "dead_letter",
		}, env)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := n.Bucket(&c.Snapshot.S3); (err == nil) != allowed {
			t.Errorf("%s, snapshot: %v", mode, err)
		}
		if _, err := openDeadLetters(c, n, "test"); (err == nil) != allowed {
			t.Errorf("%s, dead letters: %v", mode, err)
		}
	}
}

// Problems come in the order of the settings, every time.
func TestCheckURLsOrder(t *testing.T) {
	config := configWith(t, "streams.0.url", "https://169.254.1.1")
	config["url"], config["dead_letter"] = "https://169.254.1.2", map[string]any{"type": "webhook", "url": "https://169.254.1.3"}
	var want []string
	for _, field := range []string{"url", "dead_letter.url", "streams.0.url"} {
		want = append(want, "\n"+field+": ")
	}
	for range 20 {
		_, _, err := networkOf(t, config, nil)
		rest := "\n" + fmt.Sprint(err)
		for _, field := range want {
			_, after, found := strings.Cut(rest, field)
			if !found {
				t.Fatalf("%q is not in its place in %v", field, err)
			}
			rest = after
		}
	}
}
