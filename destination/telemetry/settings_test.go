package telemetry

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func getenv(variables map[string]string) func(string) string {
	return func(name string) string { return variables[name] }
}

var exported = cmp.AllowUnexported(Settings{}, signal{})

func TestFromEnvironment(t *testing.T) {
	nowhere := (*Settings)(nil)
	both := func(change func(*Settings)) *Settings {
		s := &Settings{
			traces:  signal{url: "http://127.0.0.1:4318/v1/traces", header: http.Header{}, timeout: 10 * time.Second},
			metrics: signal{url: "http://127.0.0.1:4318/v1/metrics", header: http.Header{}, timeout: 10 * time.Second},
			service: "destination-webhook", resource: map[string]string{}, interval: time.Minute,
		}
		change(s)
		return s
	}
	base := "OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318"
	for name, tt := range map[string]struct {
		variables string
		want      *Settings
	}{
		"nothing":      {"", nowhere},
		"a base":       {base, both(func(*Settings) {})},
		"with a slash": {base + "/", both(func(*Settings) {})},
		"disabled":     {base + " OTEL_SDK_DISABLED=True", nowhere},
		"no exporters": {base + " OTEL_TRACES_EXPORTER=none OTEL_METRICS_EXPORTER=console", nowhere},
		"traces alone": {base + " OTEL_METRICS_EXPORTER=none", both(func(s *Settings) { s.metrics = signal{} })},
		"an own URL":   {base + " OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=https://traces.example.com/in", both(func(s *Settings) { s.traces.url = "https://traces.example.com/in" })},
		"only an own":  {"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT=http://127.0.0.1:4318/v1/metrics", both(func(s *Settings) { s.traces = signal{} })},
		"the protocol": {base + " OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf", both(func(*Settings) {})},
		"timeouts":     {base + " OTEL_EXPORTER_OTLP_TIMEOUT=500 OTEL_EXPORTER_OTLP_TRACES_TIMEOUT=700", both(func(s *Settings) { s.traces.timeout, s.metrics.timeout = 700*time.Millisecond, 500*time.Millisecond })},
		"gzip":         {base + " OTEL_EXPORTER_OTLP_COMPRESSION=gzip OTEL_EXPORTER_OTLP_METRICS_COMPRESSION=none", both(func(s *Settings) { s.traces.gzip = true })},
		"an interval":  {base + " OTEL_METRIC_EXPORT_INTERVAL=1000", both(func(s *Settings) { s.interval = time.Second })},
		"a service":    {base + " OTEL_SERVICE_NAME=orders", both(func(s *Settings) { s.service = "orders" })},
		"a resource": {base + " OTEL_RESOURCE_ATTRIBUTES=service.name=orders,env=a%20b", both(func(s *Settings) {
			s.service, s.resource = "orders", map[string]string{"service.name": "orders", "env": "a b"}
		})},
		"headers": {base + " OTEL_EXPORTER_OTLP_HEADERS=api-key=a%3Db,x=1 OTEL_EXPORTER_OTLP_METRICS_HEADERS=y=2", both(func(s *Settings) {
			s.traces.header, s.metrics.header = http.Header{"Api-Key": {"a=b"}, "X": {"1"}}, http.Header{"Y": {"2"}}
		})},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := FromEnvironment(getenv(parse(tt.variables)))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got, exported); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func parse(text string) map[string]string {
	variables := map[string]string{}
	for word := range strings.FieldsSeq(text) {
		name, value, _ := strings.Cut(word, "=")
		variables[name] = value
	}
	return variables
}

// An error names the variable and does not show its value.
func TestFromEnvironmentRefuses(t *testing.T) {
	base := "OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318 "
	for variables, want := range map[string]string{
		"OTEL_EXPORTER_OTLP_ENDPOINT=127.0.0.1:4318":                "OTEL_EXPORTER_OTLP_ENDPOINT is not an http or https URL",
		"OTEL_EXPORTER_OTLP_ENDPOINT=grpc://secret":                 "OTEL_EXPORTER_OTLP_ENDPOINT is not an http or https URL",
		"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=http://user:secret@a":   "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT is not an http or https URL without a user",
		base + "OTEL_EXPORTER_OTLP_PROTOCOL=grpc":                   "OTEL_EXPORTER_OTLP_PROTOCOL is not http/protobuf",
		base + "OTEL_EXPORTER_OTLP_METRICS_PROTOCOL=http/json":      "OTEL_EXPORTER_OTLP_METRICS_PROTOCOL is not http/protobuf",
		base + "OTEL_EXPORTER_OTLP_HEADERS=secret":                  "OTEL_EXPORTER_OTLP_HEADERS is not a list",
		base + "OTEL_EXPORTER_OTLP_HEADERS=a=%zz-secret":            "OTEL_EXPORTER_OTLP_HEADERS is not a list",
		base + "OTEL_EXPORTER_OTLP_TRACES_HEADERS=a=secret%0d%0ab:": "OTEL_EXPORTER_OTLP_TRACES_HEADERS has a name or a value",
		base + "OTEL_EXPORTER_OTLP_TIMEOUT=secret":                  "OTEL_EXPORTER_OTLP_TIMEOUT is not a number of milliseconds",
		base + "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT=0":                "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT is not a number of milliseconds",
		base + "OTEL_METRIC_EXPORT_INTERVAL=999999999999999":        "OTEL_METRIC_EXPORT_INTERVAL is not a number of milliseconds",
		base + "OTEL_EXPORTER_OTLP_COMPRESSION=secret":              "OTEL_EXPORTER_OTLP_COMPRESSION is neither gzip nor none",
		base + "OTEL_RESOURCE_ATTRIBUTES=secret":                    "OTEL_RESOURCE_ATTRIBUTES is not a list",
	} {
		s, err := FromEnvironment(getenv(parse(variables)))
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %+v, %v; want %q", variables, s, err, want)
		}
	}
}
