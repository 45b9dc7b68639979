package destination

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"destination-webhook/destination/config/configtest"
)

// syncWith runs a sync of one row with variables in its environment, and returns what it says.
func syncWith(t *testing.T, url string, variables map[string]string) (said string, err error) {
	t.Helper()
	dir := t.TempDir()
	config, catalog := filepath.Join(dir, "config.json"), filepath.Join(dir, "catalog.json")
	for path, text := range map[string]string{config: `{"url":"` + url + `","api_key":"hunter2hunter2","delivery":{"retry":{"max_attempts":1}}}`, catalog: usersRefresh} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var out bytes.Buffer
	p := &Program{
		Spec: configtest.Spec(t), Version: "1.2.3", Stdout: &out, Getenv: func(name string) string { return variables[name] },
		Stdin: strings.NewReader(`{"type":"RECORD","record":{"stream":"users","data":{"id":1},"emitted_at":0}}` + "\n"),
	}
	err = p.Write(t.Context(), config, catalog)
	return out.String(), err
}

// A collector gets spans and metrics, even of a sync that fails, and no secret, and the endpoint's
// credentials and signature least of all.
func TestTelemetryOfASync(t *testing.T) {
	for name, status := range map[string]int{"a sync": http.StatusOK, "one that fails": http.StatusUnauthorized} {
		t.Run(name, func(t *testing.T) {
			endpoint := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(status)
				_, _ = w.Write([]byte("hunter2hunter2"))
			}))
			defer endpoint.Close()
			var mu sync.Mutex
			got := map[string]string{}
			collector := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				mu.Lock()
				defer mu.Unlock()
				got[r.URL.Path] += string(body)
				if h := r.Header; h.Get("X-Api-Key") != "" || h.Get("Webhook-Id") != "" || h.Get("Authorization") != "Basic YTpi" {
					t.Errorf("header %v", h)
				}
			}))
			defer collector.Close()
			said, _ := syncWith(t, endpoint.URL+"/hidden-path", map[string]string{
				"OTEL_EXPORTER_OTLP_ENDPOINT": collector.URL, "OTEL_EXPORTER_OTLP_HEADERS": "authorization=Basic%20YTpi",
			})
			if strings.Contains(said, "telemetry") {
				t.Errorf("the sync says\n%s", said)
			}
			for path, want := range map[string]string{"/v1/traces": "destination_webhook.stream", "/v1/metrics": "destination_webhook.rows"} {
				if !strings.Contains(got[path], want) || strings.Contains(got[path], "hunter2hunter2") || strings.Contains(got[path], "hidden-path") {
					t.Errorf("%s got %q", path, got[path])
				}
			}
		})
	}
}

// Telemetry that cannot be pushed is a warning, shows no secret, and fails no sync. The guard
// decides what may be dialled.
func TestTelemetryFailsNoSync(t *testing.T) {
	plain := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer plain.Close()
	refuses := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Error(w, r.Header.Get("Api-Key"), http.StatusUnauthorized)
	}))
	defer refuses.Close()
	for name, tt := range map[string]struct {
		variables map[string]string
		want      string
	}{
		"a mistake": {map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "topsecret"}, `there is no telemetry of this sync error=\"OTEL_EXPORTER_OTLP_ENDPOINT is not an http or https URL`},
		"refused":   {map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": refuses.URL + "/topsecret", "OTEL_EXPORTER_OTLP_HEADERS": "api-key=topsecret"}, "telemetry was lost"},
	} {
		t.Run(name, func(t *testing.T) {
			said, err := syncWith(t, plain.URL, tt.variables)
			if err != nil || !strings.Contains(said, tt.want) || strings.Contains(said, "topsecret") {
				t.Errorf("%v\n%s\nwant %q", err, said, tt.want)
			}
		})
	}
}

// In private mode the collector's address is held to the rules of all others.
func TestTelemetryPassesTheGuard(t *testing.T) {
	said, _ := syncWith(t, "https://127.0.0.1:1", map[string]string{
		"WEBHOOK_DENY_PRIVATE_NETWORKS": "true", "WEBHOOK_ALLOWED_NETWORKS": "127.0.0.1/32", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318",
	})
	if want := "this deployment sends over https only"; !strings.Contains(said, want) {
		t.Errorf("%s\nwant %q", said, want)
	}
}
