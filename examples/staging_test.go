package examples

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"destination-webhook/acceptance_tests/connector"
)

// manifestLoser is between the sender and an endpoint. It loses the first answer to each manifest,
// and on request the batches with a text: the sender is told that they arrived.
func manifestLoser(t *testing.T, endpoint string) (address string, lose *atomic.Value) {
	t.Helper()
	target, err := url.Parse(endpoint)
	if err != nil {
		t.Fatal(err)
	}
	lose = &atomic.Value{}
	lose.Store("\x00")
	var manifests atomic.Int64
	proxy := httputil.NewSingleHostReverseProxy(target)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		body, err := io.ReadAll(request.Body)
		if err != nil {
			t.Error(err)
		}
		request.Body = io.NopCloser(bytes.NewReader(body))
		switch {
		case bytes.Contains(body, []byte(lose.Load().(string))):
			return
		case bytes.HasPrefix(body, []byte(`{"type":"manifest"`)) && manifests.Add(1)%2 == 1:
			proxy.ServeHTTP(httptest.NewRecorder(), request)
			w.WriteHeader(http.StatusServiceUnavailable)
		default:
			proxy.ServeHTTP(w, request)
		}
	}))
	t.Cleanup(server.Close)
	return server.URL, lose
}

// An endpoint takes over the rows of a sync when its manifest says that none is missing, and all at
// once.
func TestEndpointsCommitWholeSyncs(t *testing.T) {
	for name, command := range endpoints {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			endpoint, folder := connector.StartEndpoint(t, command(t), secret), t.TempDir()
			address, lose := manifestLoser(t, endpoint)
			write(t, folder, "config.json", fmt.Sprintf(`{"url":%q,"signing":{"secret":%q},"delivery":{"retry":{"initial_interval_ms":10}},"batching":{"max_rows":1},"manifest":{"type":"webhook"}}`, address+"/hook", secret))
			sync := func(generation, exit int, users ...string) {
				t.Helper()
				write(t, folder, "catalog.json", fmt.Sprintf(`{"streams":[{"stream":{"name":"users","json_schema":{}},"primary_key":[["id"]],"sync_mode":"full_refresh","destination_sync_mode":"overwrite",
					"generation_id":%d,"minimum_generation_id":%d,"sync_id":%d}]}`, generation, generation, 100+generation))
				var input strings.Builder
				for _, user := range users {
					fmt.Fprintf(&input, `{"type":"RECORD","record":{"stream":"users","data":%s,"emitted_at":1}}`+"\n", user)
				}
				input.WriteString(`{"type":"TRACE","trace":{"type":"STREAM_STATUS","emitted_at":1,"stream_status":{"stream_descriptor":{"name":"users"},"status":"COMPLETE"}}}` + "\n")
				run(t, folder, input.String(), exit, "write", "--config", "config.json", "--catalog", "catalog.json")
			}
			has := func(when string, users tables) {
				t.Helper()
				if diff := cmp.Diff(users, show(t, endpoint)); diff != "" {
					t.Errorf("%s (-want +got):\n%s", when, diff)
				}
			}
			first := tables{"users": {`"1"`: {"id": 1.0}, `"2"`: {"id": 2.0}}}
			sync(1, 0, `{"id":1}`, `{"id":2}`)
			has("after the first sync", first)

			lose.Store(`"id":4`)
			sync(2, 1, `{"id":1,"plan":"pro"}`, `{"id":3}`, `{"id":4}`)
			has("after a sync of which a batch was lost", first)

			lose.Store("\x00")
			sync(2, 0, `{"id":4}`) // the rest of the same generation
			has("after the sync that resumed it", tables{"users": {`"1"`: {"id": 1.0, "plan": "pro"}, `"3"`: {"id": 3.0}, `"4"`: {"id": 4.0}}})

			lose.Store(`"id":6`)
			sync(3, 1, `{"id":5}`, `{"id":6}`)
			lose.Store("\x00")
			sync(4, 0, `{"id":7}`)
			has("after a sync that reads the source from the start", tables{"users": {`"7"`: {"id": 7.0}}})
		})
	}
}
