package config

import (
	"errors"
	"os"
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
	config, err := Parse(readSpec(t), []byte(raw))
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

func TestParseKeepsWhatIsGiven(t *testing.T) {
	got, err := Parse(readSpec(t), []byte(`{
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
	}`))
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

func TestParseRefuses(t *testing.T) {
	const overMaximum = "batching.max_rows: expected a whole number from 1 to 100000"
	tests := map[string]struct {
		raw  string
		want []string
	}{
		"empty text":       {"", []string{"config: expected a JSON object, the text is empty"}},
		"blank text":       {" \n", []string{"config: expected a JSON object, the text is empty"}},
		"a list":           {`[]`, []string{"config: expected a JSON object"}},
		"null":             {`null`, []string{"config: expected a JSON object"}},
		"broken":           {"{\"url\":\n  oops}", []string{"config: expected one JSON object in UTF-8, it is broken at line 2, column 3"}},
		"trailing text":    {`{"url":"http://h"} {}`, []string{"config: expected one JSON object in UTF-8, it is broken at line 1, column 20"}},
		"invalid UTF-8":    {"{\"url\":\"http://\xff\"}", []string{"config: expected one JSON object in UTF-8, it is broken at line 1, column 16"}},
		"twice":            {`{"url":"http://h","url":"http://i"}`, []string{"config: expected each field once, a name is given twice at line 1, column 19"}},
		"number too large": {`{"url":"http://h","batching":{"max_rows":1e400}}`, []string{"config: expected numbers that a 64-bit float can hold, one is too large at line 1, column 42"}},
		"exponent above a million": {`{"url":"http://h","batching":{"max_rows":1e1000001}}`,
			[]string{"config: expected numbers that a 64-bit float can hold, one is too large at line 1, column 42"}},

		"no url":                             {`{}`, []string{"url: required, expected an absolute http or https URL such as https://example.com/hook"}},
		"null url":                           {`{"url":null}`, []string{"url: required, expected an absolute http or https URL such as https://example.com/hook"}},
		"url of another type":                {`{"url":7}`, []string{"url: expected an absolute http or https URL such as https://example.com/hook"}},
		"empty url":                          {`{"url":""}`, []string{"url: expected an absolute http or https URL such as https://example.com/hook"}},
		"manifest without a type":            {`{"url":"http://h","manifest":{"url":"http://h"}}`, []string{"manifest.type: required, expected one of none, webhook"}},
		"manifest of a row":                  {`{"url":"http://h","manifest":{"type":"webhook","url":"http://h/{data.id}"}}`, []string{"manifest.url: expected no variable but {stream} and {namespace}: a manifest is about no row"}},
		"manifest of another scheme":         {`{"url":"http://h","manifest":{"type":"webhook","url":"http://u:p@h"}}`, []string{"manifest.url: expected no user or password in the URL, put credentials in their own fields"}},
		"manifest without a URL":             {`{"url":"http://h/{primary_key}","manifest":{"type":"webhook"}}`, []string{"manifest.url: required because url names the row, and a manifest is about none"}},
		"manifest without a URL of a stream": {`{"url":"http://h","streams":[{"stream":"a"},{"stream":"b","url":"http://h/{primary_key}"}],"manifest":{"type":"webhook"}}`, []string{"manifest.url: required because streams.1.url names the row, and a manifest is about none"}},
		"method":                             {`{"url":"http://h","method":"GET"}`, []string{"method: expected one of POST, PUT, PATCH"}},
		"sync mode":                          {`{"url":"http://h","sync_mode":"delete"}`, []string{"sync_mode: expected one of auto, insert, upsert, add, remove, mirror"}},
		"connection check":                   {`{"url":"http://h","connection_check":""}`, []string{"connection_check: expected one of empty_batch, head, connect"}},
		"compression":                        {`{"url":"http://h","delivery":{"compression":"br"}}`, []string{"delivery.compression: expected one of none, gzip, zstd"}},
		"include metadata":                   {`{"url":"http://h","include_metadata":"yes"}`, []string{"include_metadata: expected true or false"}},
		"authorization type":                 {`{"url":"http://h","authorization_header":{"a":1}}`, []string{"authorization_header: expected a text"}},
		"batching type":                      {`{"url":"http://h","batching":5}`, []string{"batching: expected an object"}},
		"headers type":                       {`{"url":"http://h","headers":{"X-A":"b"}}`, []string{"headers: expected a list"}},
		"header type":                        {`{"url":"http://h","headers":["X-A: b"]}`, []string{"headers.0: expected an object"}},
		"null header":                        {`{"url":"http://h","headers":[null]}`, []string{"headers.0: expected an object"}},
		"max rows 0":                         {`{"url":"http://h","batching":{"max_rows":0}}`, []string{overMaximum}},
		"max rows too many":                  {`{"url":"http://h","batching":{"max_rows":100001}}`, []string{overMaximum}},
		"max rows 1.5":                       {`{"url":"http://h","batching":{"max_rows":1.5}}`, []string{overMaximum}},
		"max rows a text":                    {`{"url":"http://h","batching":{"max_rows":"5"}}`, []string{overMaximum}},
		"max rows 1e300":                     {`{"url":"http://h","batching":{"max_rows":1e300}}`, []string{overMaximum}},
		"max bytes":                          {`{"url":"http://h","batching":{"max_bytes":99}}`, []string{"batching.max_bytes: expected a whole number from 100 to 100000000"}},
		"max age":                            {`{"url":"http://h","batching":{"max_age_seconds":0}}`, []string{"batching.max_age_seconds: expected a number from 0.01 to 600"}},
		"max buffered bytes":                 {`{"url":"http://h","batching":{"max_buffered_bytes":1}}`, []string{"batching.max_buffered_bytes: expected a whole number from 1000 to 4294967296"}},
		"concurrency":                        {`{"url":"http://h","delivery":{"max_concurrent_requests":0}}`, []string{"delivery.max_concurrent_requests: expected a whole number from 1 to 256"}},
		"request timeout":                    {`{"url":"http://h","delivery":{"request_timeout_seconds":601}}`, []string{"delivery.request_timeout_seconds: expected a number from 0.01 to 600"}},
		"requests per second":                {`{"url":"http://h","delivery":{"requests_per_second":-1}}`, []string{"delivery.requests_per_second: expected a number from 0 to 100000"}},
		"attempts":                           {`{"url":"http://h","delivery":{"retry":{"max_attempts":0}}}`, []string{"delivery.retry.max_attempts: expected a whole number from 1 to 1000"}},
		"elapsed":                            {`{"url":"http://h","delivery":{"retry":{"max_elapsed_seconds":5401}}}`, []string{"delivery.retry.max_elapsed_seconds: expected a number from 0.01 to 5400"}},

		"max bytes above buffer": {`{"url":"http://h","batching":{"max_bytes":5000,"max_buffered_bytes":4000}}`,
			[]string{"batching.max_bytes: expected at most batching.max_buffered_bytes (4000)"}},
		"intervals": {`{"url":"http://h","delivery":{"retry":{"initial_interval_ms":201,"max_interval_seconds":0.2}}}`,
			[]string{"delivery.retry.initial_interval_ms: expected at most delivery.retry.max_interval_seconds (200ms)"}},
		"add without snapshot": {`{"url":"http://h","sync_mode":"add"}`,
			[]string{"sync_mode: add needs to know what was delivered before: choose a place for it in snapshot, or one of auto, insert, upsert, remove"}},
		"mirror of a stream without snapshot": {`{"url":"http://h","streams":[{"stream":"a","sync_mode":"mirror"}]}`,
			[]string{"streams.0.sync_mode: mirror needs to know what was delivered before: choose a place for it in snapshot, or one of auto, insert, upsert, remove"}},

		"snapshot elsewhere": {`{"url":"http://h","snapshot":{"type":"redis"}}`, []string{"snapshot.type: expected one of none, local, s3, postgres"}},
		"snapshot unfinished": {`{"url":"http://h","snapshot":{"type":"s3","access_key_id":"a"}}`,
			[]string{"snapshot.bucket: required, expected a text that is not empty", "snapshot.secret_access_key: required along with access_key_id"}},
		"removed percent": {`{"url":"http://h","max_removed_percent":101}`, []string{"max_removed_percent: expected a number from 0 to 100"}},
		"dead letters nowhere": {`{"url":"http://h","on_rejected_rows":"dead_letter"}`,
			[]string{"dead_letter.type: expected one of local, s3, webhook, on_rejected_rows needs a place to write to"}},
		"retries without dead letters": {`{"url":"http://h","rejected_rows":{"retry_next_sync":true}}`,
			[]string{"rejected_rows.retry_next_sync: it needs dead letters that can be read again: set on_rejected_rows to dead_letter, and dead_letter.type to local or s3"}},
		"retries of dead letters elsewhere": {`{"url":"http://h","on_rejected_rows":"dead_letter","dead_letter":{"type":"webhook","url":"http://h"},"rejected_rows":{"retry_next_sync":true}}`,
			[]string{"rejected_rows.retry_next_sync: it needs dead letters that can be read again: set on_rejected_rows to dead_letter, and dead_letter.type to local or s3"}},
		"retries by no sync":  {`{"url":"http://h","rejected_rows":{"max_syncs":0}}`, []string{"rejected_rows.max_syncs: expected a whole number from 1 to 1000"}},
		"on rejected rows":    {`{"url":"http://h","on_rejected_rows":"skip"}`, []string{"on_rejected_rows: expected one of fail, dead_letter"}},
		"choice of no option": {`{"url":"http://h","dead_letter":{}}`, []string{"dead_letter.type: required, expected one of none, local, s3, webhook"}},
		"choice of another":   {`{"url":"http://h","dead_letter":{"type":"gcs","bucket":"b"}}`, []string{"dead_letter.type: expected one of none, local, s3, webhook"}},
		"choice of a number":  {`{"url":"http://h","dead_letter":{"type":1}}`, []string{"dead_letter.type: expected one of none, local, s3, webhook"}},
		"choice of a text":    {`{"url":"http://h","dead_letter":"local"}`, []string{"dead_letter: expected an object"}},
		"option unfinished":   {`{"url":"http://h","dead_letter":{"type":"local"}}`, []string{"dead_letter.path: required, expected a text that is not empty"}},
		"option with a fault": {`{"url":"http://h","dead_letter":{"type":"s3","bucket":"","endpoint":"minio:9000","access_key_id":"a"}}`,
			[]string{
				"dead_letter.bucket: expected a text that is not empty",
				"dead_letter.endpoint: expected the scheme http or https",
				"dead_letter.secret_access_key: required along with access_key_id",
			}},
		"half a pair of keys": {`{"url":"http://h","dead_letter":{"type":"s3","bucket":"b","secret_access_key":"a"}}`,
			[]string{"dead_letter.access_key_id: required along with secret_access_key"}},
		"dead letter webhook": {`{"url":"http://h","dead_letter":{"type":"webhook","url":"https://u@h","authorization_header":"a\n"}}`,
			[]string{
				"dead_letter.authorization_header: expected no line break, NUL or other control character, a pasted text may end in one",
				"dead_letter.url: expected no user or password in the URL, put credentials in their own fields",
			}},
		"adaptive concurrency": {`{"url":"http://h","delivery":{"adaptive_concurrency":1}}`, []string{"delivery.adaptive_concurrency: expected true or false"}},

		"header name missing":   {`{"url":"http://h","headers":[{"value":"a"}]}`, []string{"headers.0.name: required, expected a header name of letters, digits and dashes such as X-Tenant"}},
		"header value missing":  {`{"url":"http://h","headers":[{"name":"X-A"}]}`, []string{"headers.0.value: required, expected a text"}},
		"header name a phrase":  {`{"url":"http://h","headers":[{"name":"X A","value":"a"}]}`, []string{"headers.0.name: expected a header name of letters, digits and dashes such as X-Tenant"}},
		"header name empty":     {`{"url":"http://h","headers":[{"name":"","value":"a"}]}`, []string{"headers.0.name: expected a header name of letters, digits and dashes such as X-Tenant"}},
		"header name injected":  {`{"url":"http://h","headers":[{"name":"X-A\r\nX-B","value":"a"}]}`, []string{"headers.0.name: expected a header name of letters, digits and dashes such as X-Tenant"}},
		"header twice":          {`{"url":"http://h","headers":[{"name":"X-A","value":"a"},{"name":"x-a","value":"b"}]}`, []string{"headers.1.name: expected each header once, an earlier one has this name"}},
		"second Authorization":  {`{"url":"http://h","authorization_header":"Bearer a","headers":[{"name":"AUTHORIZATION","value":"b"}]}`, []string{"headers.0.name: expected another header, authorization_header sets this one"}},
		"second X-Api-Key":      {`{"url":"http://h","api_key":"a","headers":[{"name":"x-api-key","value":"b"}]}`, []string{"headers.0.name: expected another header, api_key sets this one"}},
		"CR in authorization":   {`{"url":"http://h","authorization_header":"Bearer a\r"}`, []string{"authorization_header: expected no line break, NUL or other control character, a pasted text may end in one"}},
		"LF in API key":         {`{"url":"http://h","api_key":"a\nb"}`, []string{"api_key: expected no line break, NUL or other control character, a pasted text may end in one"}},
		"NUL in a header value": {`{"url":"http://h","headers":[{"name":"X-A","value":"a\u0000"}]}`, []string{"headers.0.value: expected no line break, NUL or other control character, a pasted text may end in one"}},
		"space behind a value":  {`{"url":"http://h","api_key":"a "}`, []string{"api_key: expected no space at either end, it would be lost on the way"}},

		"stream missing":      {`{"url":"http://h","streams":[{"method":"PUT"}]}`, []string{"streams.0.stream: required, expected a text that is not empty"}},
		"stream empty":        {`{"url":"http://h","streams":[{"stream":""}]}`, []string{"streams.0.stream: expected a text that is not empty"}},
		"stream twice":        {`{"url":"http://h","streams":[{"stream":"a"},{"stream":"a","namespace":""}]}`, []string{"streams.1.stream: expected each stream once, an earlier override names this one"}},
		"stream url":          {`{"url":"http://h","streams":[{"stream":"a","url":"/users"}]}`, []string{"streams.0.url: expected an absolute URL, put https:// and the host in front"}},
		"stream method":       {`{"url":"http://h","streams":[{"stream":"a","method":"GET"}]}`, []string{"streams.0.method: expected one of POST, PUT, PATCH"}},
		"key of texts":        {`{"url":"http://h","streams":[{"stream":"a","primary_key":["id"]}]}`, []string{"streams.0.primary_key.0: expected a list of 1 or more"}},
		"key without fields":  {`{"url":"http://h","streams":[{"stream":"a","primary_key":[]}]}`, []string{"streams.0.primary_key: expected a list of 1 or more"}},
		"key with empty path": {`{"url":"http://h","streams":[{"stream":"a","primary_key":[["id"],[]]}]}`, []string{"streams.0.primary_key.1: expected a list of 1 or more"}},
		"key with empty name": {`{"url":"http://h","streams":[{"stream":"a","primary_key":[["user",""]]}]}`, []string{"streams.0.primary_key.0.1: expected a text that is not empty"}},
		"key with a field twice": {`{"url":"http://h","streams":[{"stream":"a","primary_key":[["a","b"],["a b"],["a","b"]]}]}`,
			[]string{"streams.0.primary_key.2: expected each field of the key once"}},

		"everything at once": {`{"url":"ftp://h","method":"GET","sync_mode":"add","batching":{"max_rows":0},
			"headers":[{"name":"Host"},{"value":5},7],"streams":[{"stream":"a","url":"https://u:p@h"}]}`,
			[]string{
				"batching.max_rows: expected a whole number from 1 to 100000",
				"headers.0.name: expected another header, this one is set by the destination",
				"headers.0.value: required, expected a text",
				"headers.1.name: required, expected a header name of letters, digits and dashes such as X-Tenant",
				"headers.1.value: expected a text",
				"headers.2: expected an object",
				"method: expected one of POST, PUT, PATCH",
				"streams.0.url: expected no user or password in the URL, put credentials in their own fields",
				"sync_mode: add needs to know what was delivered before: choose a place for it in snapshot, or one of auto, insert, upsert, remove",
				"url: expected the scheme http or https",
			}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, problemsOf(t, test.raw)); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
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
