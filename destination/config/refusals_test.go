package config

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// refusal is a config that is refused, and the problems that it has.
type refusal struct {
	raw  string
	want []string
}

func refuse(t *testing.T, refusals map[string]refusal) {
	t.Helper()
	for name, test := range refusals {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, problemsOf(t, test.raw)); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}

func TestParseRefusesTexts(t *testing.T) {
	refuse(t, map[string]refusal{
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
	})
}

func TestParseRefusesFields(t *testing.T) {
	const overMaximum = "batching.max_rows: expected a whole number from 1 to 100000"
	refuse(t, map[string]refusal{
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
	})
}

func TestParseRefusesContradictions(t *testing.T) {
	refuse(t, map[string]refusal{
		"max bytes above buffer": {`{"url":"http://h","batching":{"max_bytes":5000,"max_buffered_bytes":4000}}`,
			[]string{"batching.max_bytes: expected at most batching.max_buffered_bytes (4000)"}},
		"intervals": {`{"url":"http://h","delivery":{"retry":{"initial_interval_ms":201,"max_interval_seconds":0.2}}}`,
			[]string{"delivery.retry.initial_interval_ms: expected at most delivery.retry.max_interval_seconds (200ms)"}},
		"add without snapshot": {`{"url":"http://h","sync_mode":"add"}`,
			[]string{"sync_mode: add needs to know what was delivered before: choose a place for it in snapshot, or one of auto, insert, upsert, remove"}},
		"mirror of a stream without snapshot": {`{"url":"http://h","streams":[{"stream":"a","sync_mode":"mirror"}]}`,
			[]string{"streams.0.sync_mode: mirror needs to know what was delivered before: choose a place for it in snapshot, or one of auto, insert, upsert, remove"}},
	})
}

func TestParseRefusesPlaces(t *testing.T) {
	refuse(t, map[string]refusal{
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
	})
}

func TestParseRefusesHeaders(t *testing.T) {
	refuse(t, map[string]refusal{
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
		"space after a value":   {`{"url":"http://h","api_key":"a "}`, []string{"api_key: expected no space at either end, it would be lost on the way"}},
	})
}

func TestParseRefusesStreams(t *testing.T) {
	refuse(t, map[string]refusal{
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
	})
}

func TestParseNamesEveryProblem(t *testing.T) {
	refuse(t, map[string]refusal{
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
	})
}
