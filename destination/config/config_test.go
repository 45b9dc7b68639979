package config

import (
	"errors"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func readSpec(t testing.TB) []byte {
	t.Helper()
	spec, err := os.ReadFile("../../spec.json")
	if err != nil {
		t.Fatal(err)
	}
	return spec
}

// problemsOf parses a config and returns what is wrong with it.
func problemsOf(t *testing.T, raw string) []string {
	t.Helper()
	config, err := specOnce().parse(nil, []byte(raw))
	if err == nil {
		return nil
	}
	var invalid *Error
	if !errors.As(err, &invalid) {
		t.Fatalf("Parse: %v, want a *Error", err)
	}
	if config != nil {
		t.Error("Parse returned a config along with its problems")
	}
	return invalid.Problems
}

// specOnce spares thousands of configs the reading of spec.json.
var specOnce = sync.OnceValue(func() *specNode {
	spec, err := os.ReadFile("../../spec.json")
	if err != nil {
		panic(err)
	}
	root, err := parseSpec(spec)
	if err != nil {
		panic(err)
	}
	return root
})

func TestParseAppliesDefaults(t *testing.T) {
	got, err := Parse(readSpec(t), []byte(`{"url":"https://example.com/hook"}`))
	if err != nil {
		t.Fatal(err)
	}
	want := &Config{
		URL:               "https://example.com/hook",
		Method:            "POST",
		SyncMode:          "auto",
		ConnectionCheck:   "empty_batch",
		Authentication:    Authentication{Type: "none"},
		TLS:               TLS{MinVersion: "1.2"},
		Payload:           Payload{Format: "envelope"},
		Snapshot:          Snapshot{Type: "none"},
		MaxRemovedPercent: 30,
		OnRejectedRows:    "fail",
		OnMissingKey:      "reject",
		DeadLetter:        Output{Type: "none"},
		Report:            Output{Type: "none"},
		RejectedRows:      RejectedRetry{MaxSyncs: 10},
		Answers:           Answers{Otherwise: "reject"},
		Signing:           Signing{Type: "hmac_sha256"},
		Manifest:          Manifest{Type: "none"},
		Batching:          Batching{MaxRows: 1000, MaxBytes: 1_000_000, MaxAgeSeconds: 5, MaxBufferedBytes: 64 << 20, Partitions: 16},
		Delivery: Delivery{
			MaxConcurrentRequests: 8,
			AdaptiveConcurrency:   true,
			RequestTimeoutSeconds: 30,
			Compression:           "none",
			Retry:                 Retry{MaxAttempts: 10, InitialIntervalMS: 500, MaxIntervalSeconds: 60, MaxElapsedSeconds: 1800},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("config (-want +got):\n%s", diff)
	}
}

// everySetting is a config that sets every field, and some that are of no use to the options
// chosen.
const everySetting = `{
	"url": "http://127.0.0.1:8080/hook?token=t0k3n",
	"method": "PATCH",
	"authorization_header": "Bearer abc",
	"api_key": "key-1",
	"headers": [{"name": "X-Tenant", "value": "acme"}],
	"connection_check": "head",
	"snapshot": {"type": "local", "path": "/local/snapshot"},
	"max_removed_percent": 2.5, "allow_mass_removal": true, "removals_without_complete": true,
	"signing": {"secret": "whsec_c2VjcmV0", "previous_secret": "whsec_b2xkZXI="},
	"tls": {"min_version": "1.3", "server_name": "inner.example.com", "insecure_skip_verify": true},
	"sync_mode": "upsert",
	"include_metadata": true,
	"streams": [{"stream": "users", "namespace": "public", "url": "https://example.com/users",
		"method": "PUT", "sync_mode": "insert", "primary_key": [["tenant"], ["user", "id"]],
		"answers": {"rejected_rows": ".bad[]"}, "payload": {"format": "wrapped", "wrapper": "[\"$rows\"]"}}],
	"answers": {"statuses": [{"status": "409", "meaning": "delivered"}, {"status": "5xx", "meaning": "stop"}], "success_if": ".ok", "otherwise": "retry"},
	"payload": {"format": "ndjson", "row": "full", "content_type": "application/jsonl", "wrapper": 7},
	"batching": {"max_rows": 2, "max_bytes": 300, "max_age_seconds": 0.5, "max_buffered_bytes": 4000, "partitions": 32, "compact": true},
	"delivery": {"max_concurrent_requests": 3, "adaptive_concurrency": false, "request_timeout_seconds": 1.5, "requests_per_second": 2.5,
		"compression": "gzip", "retry": {"max_attempts": 4, "initial_interval_ms": 20,
		"max_interval_seconds": 0.2, "max_elapsed_seconds": 5}},
	"on_rejected_rows": "dead_letter",
	"rejected_rows": {"retry_next_sync": true, "max_syncs": 3},
	"on_missing_key": "send",
	"dead_letter": {"type": "s3", "bucket": "letters", "prefix": "a/", "region": "eu-central-1",
		"endpoint": "http://127.0.0.1:9000", "access_key_id": "id", "secret_access_key": "key", "path": ["of another option"]},
	"report": {"type": "webhook", "url": "https://example.com/reports", "authorization_header": "Bearer r"},
	"manifest": {"type": "webhook", "url": "https://example.com/{stream}", "method": "PUT"},
	"added_by_a_newer_form": {"x": [1]}
}`

func TestParseKeepsWhatIsGiven(t *testing.T) {
	got, err := Parse(readSpec(t), []byte(everySetting))
	if err != nil {
		t.Fatal(err)
	}
	want := &Config{
		URL:                 "http://127.0.0.1:8080/hook?token=t0k3n",
		Method:              "PATCH",
		AuthorizationHeader: "Bearer abc",
		APIKey:              "key-1",
		Headers:             []Header{{Name: "X-Tenant", Value: "acme"}},
		ConnectionCheck:     "head",
		SyncMode:            "upsert",
		IncludeMetadata:     true,
		Streams: []Stream{{Stream: "users", Namespace: "public", URL: "https://example.com/users",
			Method: "PUT", SyncMode: "insert", PrimaryKey: [][]string{{"tenant"}, {"user", "id"}},
			Answers: Answers{RejectedRows: ".bad[]"}, Payload: Payload{Format: "wrapped", Wrapper: `["$rows"]`}}},
		Authentication:          Authentication{Type: "none"},
		Signing:                 Signing{Type: "hmac_sha256", Secret: "whsec_c2VjcmV0", PreviousSecret: "whsec_b2xkZXI="},
		TLS:                     TLS{MinVersion: "1.3", ServerName: "inner.example.com", InsecureSkipVerify: true},
		Payload:                 Payload{Format: "ndjson", Row: "full", ContentType: "application/jsonl"},
		Snapshot:                Snapshot{Type: "local", Path: "/local/snapshot", KeepRows: true},
		MaxRemovedPercent:       2.5,
		AllowMassRemoval:        true,
		RemovalsWithoutComplete: true,
		OnRejectedRows:          "dead_letter",
		OnMissingKey:            "send",
		RejectedRows:            RejectedRetry{RetryNextSync: true, MaxSyncs: 3},
		DeadLetter: Output{Type: "s3", S3: S3{Bucket: "letters", Prefix: "a/", Region: "eu-central-1",
			Endpoint: "http://127.0.0.1:9000", AccessKeyID: "id", SecretAccessKey: "key"}},
		Report:   Output{Type: "webhook", URL: "https://example.com/reports", AuthorizationHeader: "Bearer r"},
		Manifest: Manifest{Type: "webhook", URL: "https://example.com/{stream}", Method: "PUT"},
		Answers:  Answers{Statuses: []StatusMeaning{{"409", "delivered"}, {"5xx", "stop"}}, SuccessIf: ".ok", Otherwise: "retry"},
		Batching: Batching{MaxRows: 2, MaxBytes: 300, MaxAgeSeconds: 0.5, MaxBufferedBytes: 4000, Partitions: 32, Compact: true},
		Delivery: Delivery{
			MaxConcurrentRequests: 3,
			RequestTimeoutSeconds: 1.5,
			RequestsPerSecond:     2.5,
			Compression:           "gzip",
			Retry:                 Retry{MaxAttempts: 4, InitialIntervalMS: 20, MaxIntervalSeconds: 0.2, MaxElapsedSeconds: 5},
		},
		Warnings: []string{"added_by_a_newer_form is not a setting and is ignored"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("config (-want +got):\n%s", diff)
	}
}

func TestParseReadsOddForms(t *testing.T) {
	tests := map[string]struct {
		raw  string
		want func(*Config)
	}{
		"null is absent":     {`{"url":"http://h","method":null,"batching":{"max_rows":null},"headers":null}`, func(*Config) {}},
		"integer as 50.0":    {`{"url":"http://h","batching":{"max_rows":50.0}}`, func(c *Config) { c.Batching.MaxRows = 50 }},
		"integer as 1e2":     {`{"url":"http://h","batching":{"max_rows":1e2}}`, func(c *Config) { c.Batching.MaxRows = 100 }},
		"integer as 12E+1":   {`{"url":"http://h","batching":{"max_rows":12E+1}}`, func(c *Config) { c.Batching.MaxRows = 120 }},
		"4 GiB buffered":     {`{"url":"http://h","batching":{"max_buffered_bytes":4294967296}}`, func(c *Config) { c.Batching.MaxBufferedBytes = 4 << 30 }},
		"escaped name":       {`{"\u0075rl":"http://h"}`, func(*Config) {}},
		"empty header value": {`{"url":"http://h","headers":[{"name":"X-A","value":""}]}`, func(c *Config) { c.Headers = []Header{{Name: "X-A"}} }},
		"space around":       {"\n {\"url\":\"http://h\"}\r\n", func(*Config) {}},
		"unknown nested field": {`{"url":"http://h","batching":{"max_row":1}}`, func(c *Config) {
			c.Warnings = []string{"batching.max_row is not a setting and is ignored; did you mean batching.max_rows?"}
		}},
		"byte order mark":    {"\ufeff" + `{"url":"http://h"}`, func(*Config) {}},
		"scheme in capitals": {`{"url":"HTTP://h"}`, func(c *Config) { c.URL = "HTTP://h" }},
		"one key field":      {`{"url":"http://h","streams":[{"stream":"a","primary_key":[["id"]]}]}`, func(c *Config) { c.Streams = []Stream{{Stream: "a", PrimaryKey: [][]string{{"id"}}}} }},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			want, err := Parse(readSpec(t), []byte(`{"url":"http://h"}`))
			if err != nil {
				t.Fatal(err)
			}
			test.want(want)
			got, err := Parse(readSpec(t), []byte(test.raw))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("config (-want +got):\n%s", diff)
			}
		})
	}
}

func TestParseAcceptsDifferencesWithSnapshot(t *testing.T) {
	for _, place := range []string{`{"type":"local","path":"snapshot"}`, `{"type":"s3","bucket":"b","keep_rows":false}`} {
		for _, mode := range []string{"auto", "insert", "upsert", "add", "remove", "mirror"} {
			raw := `{"url":"http://h","snapshot":` + place + `,"sync_mode":"` + mode + `","streams":[{"stream":"a","sync_mode":"` + mode + `"}]}`
			if got := problemsOf(t, raw); got != nil {
				t.Errorf("%s with %s: %v, want no problem", mode, place, got)
			}
		}
	}
}

func TestParseRefusesReservedHeaders(t *testing.T) {
	names := []string{
		"Accept-Encoding", "Connection", "content-encoding", "Content-Length", "CONTENT-TYPE", "Expect", "Host",
		"Idempotency-Key", "Keep-Alive", "Proxy-Connection", "TE", "Trailer", "Transfer-Encoding", "Upgrade",
		"X-Idempotency-Key", "Webhook-Id", "webhook-signature", "Airbyte-Stream", "airbyte-anything",
	}
	for _, name := range names {
		got := problemsOf(t, `{"url":"http://h","headers":[{"name":"`+name+`","value":"a"}]}`)
		want := []string{"headers.0.name: expected another header, this one is set by the destination"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestParseAcceptsHeaders(t *testing.T) {
	for _, header := range []string{
		`{"name":"Authorization","value":"Bearer a"}`, `{"name":"X-Api-Key","value":"a"}`,
		`{"name":"User-Agent","value":"mine"}`, `{"name":"X_odd!name","value":"tab\tinside and é"}`,
	} {
		if got := problemsOf(t, `{"url":"http://h","headers":[`+header+`]}`); got != nil {
			t.Errorf("%s: %v, want no problem", header, got)
		}
	}
}

func TestErrorListsEveryProblem(t *testing.T) {
	err := &Error{Problems: []string{"a: one", "b: two"}}
	if got, want := err.Error(), "invalid config: a: one; b: two"; got != want {
		t.Errorf("Error() = %q, want %q", got, want)
	}
}

func TestConfigDurations(t *testing.T) {
	retry := Retry{InitialIntervalMS: 1500, MaxIntervalSeconds: 0.25, MaxElapsedSeconds: 5400}
	tests := map[string]struct{ got, want time.Duration }{
		"max age":          {Batching{MaxAgeSeconds: 0.5}.MaxAge(), 500 * time.Millisecond},
		"request timeout":  {Delivery{RequestTimeoutSeconds: 30}.RequestTimeout(), 30 * time.Second},
		"initial interval": {retry.InitialInterval(), 1500 * time.Millisecond},
		"max interval":     {retry.MaxInterval(), 250 * time.Millisecond},
		"max elapsed":      {retry.MaxElapsed(), 90 * time.Minute},
	}
	for name, test := range tests {
		if test.got != test.want {
			t.Errorf("%s = %s, want %s", name, test.got, test.want)
		}
	}
}
