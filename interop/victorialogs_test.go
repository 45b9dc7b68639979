package interop

import (
	"net/url"
	"os/exec"
	"strings"
	"testing"

	"destination-webhook/destination/loopbacktest"
)

// TestVictoriaLogs sends 100,000 rows to VictoriaLogs, compressed, and counts them there: as
// NDJSON, and as Elasticsearch's bulk, in which a program writes a line before each row.
func TestVictoriaLogs(t *testing.T) {
	t.Parallel()
	const fields = "?_msg_field=message&_time_field=created_at&_stream_fields=kind"
	for name, test := range map[string]struct {
		path    string
		payload map[string]string
		answers map[string]string
	}{
		"ndjson": {"/insert/jsonline", map[string]string{"format": "ndjson"}, nil},
		"bulk": {"/insert/elasticsearch/_bulk",
			map[string]string{"format": "ndjson", "transform": `{index: {_id: $primary_key}}, .`},
			map[string]string{
				"success_if":    `.errors | type == "boolean"`,
				"rejected_rows": `.items | to_entries[] | (.value | to_entries[0].value) as $r | select($r.error) | {index: .key, reason: $r.error.reason}`,
			}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := installed(t, ".bin", "victoria-logs")
			address := loopbacktest.FreeAddress(t).String()
			startServer(t, exec.Command(server, "-httpListenAddr="+address, "-storageDataPath="+t.TempDir()), "started VictoriaLogs") //nolint:gosec // the test's own
			sync(t, encoded(t, map[string]any{
				"url": "http://" + address + test.path + fields, "payload": test.payload, "answers": test.answers,
				"delivery": map[string]any{"compression": "gzip"},
			}), users(1, 100_000))

			ask(t, "GET", "http://"+address+"/internal/force_flush", "")
			query := url.QueryEscape(`_time:2026-11-28 | stats count() rows, count_uniq(_id) ids, count_uniq(_msg) texts`)
			counted := ask(t, "GET", "http://"+address+"/select/logsql/query?query="+query, "")
			if want := `{"rows":"100000","ids":"100000","texts":"100000"}`; strings.TrimSpace(counted) != want {
				t.Errorf("VictoriaLogs has %s, want %s", counted, want)
			}
		})
	}
}
