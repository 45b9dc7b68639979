package leaks

import (
	"bytes"
	"io"
	"maps"
	"net/http"
	"strings"
	"sync"
	"testing"
)

// listener keeps the bodies that it is sent, and answers as another handler does.
type listener struct {
	http.Handler
	mu     sync.Mutex
	bodies bytes.Buffer
}

func (l *listener) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	l.mu.Lock()
	l.bodies.Write(body)
	l.mu.Unlock()
	r.Body = io.NopCloser(bytes.NewReader(body))
	l.Handler.ServeHTTP(w, r)
}

// places are where else a sync sends what it knows: each gets what the endpoint echoes, unless that
// is masked, and echoes what it is told itself. To cover another place add a line.
var places = map[string]struct {
	config      func(address string) map[string]any // replaces members of configFor
	environment func(address string) []string
	endpoint    func(http.ResponseWriter, *http.Request, string) // what leads there
	masked      bool                                             // a mask in the body tells that the echo got there
	quiet       bool                                             // what the place says itself is not shown
}{
	"report": {
		config: func(address string) map[string]any {
			return map[string]any{"report": map[string]any{
				"type": "webhook", "url": address + "/" + secrets["letters path"], "authorization_header": "Bearer " + secrets["letters"]}}
		},
		endpoint: status(401), masked: true,
	},
	"dead letters": {
		config: func(address string) map[string]any {
			return map[string]any{"dead_letter": map[string]any{
				"type": "webhook", "url": address + "/" + secrets["letters path"], "authorization_header": "Bearer " + secrets["letters"]}}
		},
		endpoint: status(422), masked: true,
	},
	"manifest": {
		config: func(address string) map[string]any {
			return map[string]any{"manifest": map[string]any{"type": "webhook", "url": address + "/" + secrets["letters path"]},
				"removals_without_complete": true}
		},
		endpoint: status(200),
	},
	"collector": {
		config: func(string) map[string]any { return nil },
		environment: func(address string) []string {
			return []string{"OTEL_EXPORTER_OTLP_ENDPOINT=" + address, "OTEL_EXPORTER_OTLP_HEADERS=authorization=Bearer%20" + secrets["bearer"] + ",x-tenant=" + secrets["letters path"]}
		},
		endpoint: status(401), masked: true, quiet: true,
	},
}

// Every place gets no secret by what the endpoint echoes, and shows none by an echo of its own.
func TestPlacesEchoEverything(t *testing.T) {
	for name, place := range places {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			masked := false
			for _, first := range starts() {
				other := &listener{Handler: &parrot{first: first, known: unsent, answer: status(400)}}
				address := serve(t, other)
				config := configFor(serve(t, &parrot{first: first, known: unsent, answer: place.endpoint}))
				maps.Copy(config, place.config(address))
				var environment []string
				if place.environment != nil {
					environment = place.environment(address)
				}
				shown := output(t, "write", config, environment...)
				requireNone(t, shown)
				if !place.quiet && !strings.Contains(shown, "[redacted]") {
					t.Errorf("nothing was masked: %s", shown)
				}
				other.mu.Lock()
				told := other.bodies.String()
				other.mu.Unlock()
				if told == "" {
					t.Errorf("it was told nothing: %s", shown)
				}
				requireNone(t, told)
				masked = masked || strings.Contains(told, "[redacted]")
			}
			if masked != place.masked {
				t.Errorf("the echo reached it: %v", masked)
			}
		})
	}
}
