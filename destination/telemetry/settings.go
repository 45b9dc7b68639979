package telemetry

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"golang.org/x/net/http/httpguts"
)

// Settings are what the environment asks for. The variables and their defaults are those of the
// OpenTelemetry specification: "Environment Variable Specification" and "OpenTelemetry Protocol
// Exporter".
type Settings struct {
	traces, metrics signal
	service         string
	resource        map[string]string
	interval        time.Duration // between two exports of metrics
}

// signal is where spans or metrics go. An empty URL is nowhere.
type signal struct {
	url     string
	header  http.Header
	timeout time.Duration // of one attempt
	gzip    bool
}

const (
	defaultTimeout  = 10 * time.Second
	defaultInterval = time.Minute
	prefix          = "OTEL_EXPORTER_OTLP_"
)

// FromEnvironment reads the variables; nil if they ask for nothing. An error names the variable and
// never its value, which may hold a credential.
func FromEnvironment(getenv func(string) string) (*Settings, error) {
	if strings.EqualFold(getenv("OTEL_SDK_DISABLED"), "true") {
		return nil, nil
	}
	traces, err := signalOf(getenv, "TRACES", "v1/traces")
	if err != nil {
		return nil, err
	}
	metrics, err := signalOf(getenv, "METRICS", "v1/metrics")
	if err != nil || traces.url == "" && metrics.url == "" {
		return nil, err
	}
	s := &Settings{traces: traces, metrics: metrics}
	if s.interval, err = milliseconds(getenv, defaultInterval, "OTEL_METRIC_EXPORT_INTERVAL"); err != nil {
		return nil, err
	}
	if s.resource, err = pairs("OTEL_RESOURCE_ATTRIBUTES", getenv("OTEL_RESOURCE_ATTRIBUTES")); err != nil {
		return nil, err
	}
	s.service = cmp.Or(getenv("OTEL_SERVICE_NAME"), s.resource["service.name"], "destination-webhook")
	return s, nil
}

// URLs returns where spans and metrics go.
func (s *Settings) URLs() []string {
	var urls []string
	for _, signal := range []signal{s.traces, s.metrics} {
		if signal.url != "" {
			urls = append(urls, signal.url)
		}
	}
	return urls
}

// Secrets returns the values of the headers.
func (s *Settings) Secrets() (secrets []string) {
	for _, signal := range []signal{s.traces, s.metrics} {
		for _, values := range signal.header {
			secrets = append(secrets, values...)
		}
	}
	return secrets
}

// signalOf reads the variables of a signal, each of which takes precedence over the variable for
// both signals.
func signalOf(getenv func(string) string, name, path string) (s signal, err error) {
	if exporters := getenv("OTEL_" + name + "_EXPORTER"); exporters != "" && !strings.Contains(exporters, "otlp") {
		return s, nil
	}
	address, err := addressOf(getenv, name, path)
	if address == "" || err != nil {
		return s, err
	}
	if variable, value := first(getenv, name, "PROTOCOL"); value != "" && value != "http/protobuf" {
		return s, fmt.Errorf("%s is not http/protobuf, the only protocol that is spoken", variable)
	}
	s.url = address
	if s.header, err = headerOf(getenv, name); err != nil {
		return signal{}, err
	}
	variable, value := first(getenv, name, "COMPRESSION")
	if value != "" && value != "none" && value != "gzip" {
		return signal{}, fmt.Errorf("%s is neither gzip nor none", variable)
	}
	s.gzip = value == "gzip"
	s.timeout, err = milliseconds(getenv, defaultTimeout, prefix+name+"_TIMEOUT", prefix+"TIMEOUT")
	return s, err
}

// addressOf returns the URL of a signal, "" if there is none. The variable for both signals has a
// base, to which the signal's path is added.
func addressOf(getenv func(string) string, name, path string) (string, error) {
	variable, address := prefix+name+"_ENDPOINT", getenv(prefix+name+"_ENDPOINT")
	if address == "" {
		if variable, address = prefix+"ENDPOINT", getenv(prefix+"ENDPOINT"); address == "" {
			return "", nil
		}
		address = strings.TrimSuffix(address, "/") + "/" + path
	}
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil {
		return "", fmt.Errorf("%s is not an http or https URL without a user, such as http://localhost:4318", variable)
	}
	return address, nil
}

// headerOf reads the headers of a signal.
func headerOf(getenv func(string) string, name string) (http.Header, error) {
	variable, text := first(getenv, name, "HEADERS")
	values, err := pairs(variable, text)
	if err != nil {
		return nil, err
	}
	h := http.Header{}
	for name, value := range values {
		if !httpguts.ValidHeaderFieldName(name) || !httpguts.ValidHeaderFieldValue(value) {
			return nil, fmt.Errorf("%s has a name or a value that no header can have", variable)
		}
		h.Set(name, value)
	}
	return h, nil
}

// first returns a signal's own variable if it is set, else the one for both signals.
func first(getenv func(string) string, name, setting string) (variable, value string) {
	if value := getenv(prefix + name + "_" + setting); value != "" {
		return prefix + name + "_" + setting, value
	}
	return prefix + setting, getenv(prefix + setting)
}

// pairs reads names and percent-encoded values: a=1,b=2 (W3C Baggage without properties).
func pairs(variable, text string) (map[string]string, error) {
	values := map[string]string{}
	for part := range strings.SplitSeq(text, ",") {
		if strings.TrimSpace(part) == "" {
			continue
		}
		name, value, found := strings.Cut(part, "=")
		value, err := url.PathUnescape(strings.TrimSpace(value))
		if name = strings.TrimSpace(name); !found || name == "" || err != nil {
			return nil, fmt.Errorf("%s is not a list such as name=value,name=value, with special characters percent-encoded", variable)
		}
		values[name] = value
	}
	return values, nil
}

// milliseconds reads the first of the variables that is set.
func milliseconds(getenv func(string) string, otherwise time.Duration, variables ...string) (time.Duration, error) {
	for _, variable := range variables {
		text := getenv(variable)
		if text == "" {
			continue
		}
		n, err := strconv.Atoi(text)
		if err != nil || n <= 0 || n > int(24*time.Hour/time.Millisecond) {
			return 0, errors.New(variable + " is not a number of milliseconds, from 1 to a day")
		}
		return time.Duration(n) * time.Millisecond, nil
	}
	return otherwise, nil
}
