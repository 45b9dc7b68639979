package destination

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"destination-webhook/destination/jsonschema"
	"destination-webhook/receiver"
)

const emails = `{"type":"object","required":["id"],"properties":{"email":{"type":"string","pattern":"@"}}}`

// A row that does not fit is rejected before any request, with its place and the rule; what is held
// against the schema is what a transform yields, in any format. It is offered again by the next
// sync, and a removed row, which has no data to look at, is sent.
func TestSchemaRejectsRows(t *testing.T) {
	for format, sent := range map[string]string{
		`"format":"array","row":"full"`:  `[{"data":{"id":1,"email":"a@b"},"operation":"added","primary_key":"1"}]`,
		`"format":"single","row":"full"`: `{"data":{"id":1,"email":"a@b"},"operation":"added","primary_key":"1"}`,
		`"format":"form","row":"full"`:   `data=%7B%22id%22%3A1%2C%22email%22%3A%22a%40b%22%7D&operation=added&primary_key=1`,
		`"format":"array","transform":"if $operation == \"removed\" then . else {id, email: (.email | tojson)[1:-1]}, . end"`: `[{"email":"a@b","id":1},{"email":"a@b","id":1}]`,
	} {
		t.Run(format, func(t *testing.T) {
			r := newRig(t)
			letters := filepath.Join(r.dir, "letters")
			r.snapshot = fmt.Sprintf(`{"type":"local","path":%q,"keep_rows":false}`, filepath.Join(r.dir, "snapshot"))
			options := fmt.Sprintf(`,"on_rejected_rows":"dead_letter","dead_letter":{"type":"local","path":%q},"sync_mode":"mirror","allow_mass_removal":true,"payload":{%s,"schema":%s}`, letters, format, emails)
			input := table(`{"id":1,"email":"a@b"}`, `{"id":2,"email":"secret"}`)
			r.want(options, input, sent)
			r.want(options, input)
			got := deadLettersIn(t, letters)
			if strings.Count(got, `"reason":"payload.schema: /email: does not fit pattern"`) != 2 || strings.Count(got, `"data":{"id":2,"email":"secret"}`) != 2 {
				t.Errorf("the dead letters are\n%s", got)
			}
			bodies, err := r.sync(options, table()...)
			if err != nil || len(bodies) != 1 {
				t.Errorf("the removal is %q, %v", bodies, err)
			}
		})
	}
}

// Without dead letters such a row ends the sync; nothing of it is shown. check and preview know the
// schema as well, also from a file beside the config.
func TestSchemaEndsTheSync(t *testing.T) {
	r := newRig(t)
	if err := os.WriteFile(filepath.Join(r.dir, "users.json"), []byte(emails), 0o600); err != nil {
		t.Fatal(err)
	}
	const options = `,"sync_mode":"upsert","payload":{"format":"envelope","schema":"users.json"}`
	snapshot := r.snapshot
	for _, r.snapshot = range []string{`{"type":"none"}`, snapshot} {
		p, config, catalog, out := r.program(options, table(`{"id":7,"email":"secret"}`)...)
		err := p.Write(t.Context(), config, catalog)
		want := "stream users: the row with primary key 7 was refused, and on_rejected_rows is fail: payload.schema: /email: does not fit pattern"
		if err == nil || !strings.Contains(out.String(), want) || strings.Contains(out.String(), "secret") || len(r.endpoint.Requests()) != 0 {
			t.Errorf("snapshot %s: %v after %d requests, %s", r.snapshot, err, len(r.endpoint.Requests()), out)
		}
	}
	got := r.preview(options, table(`{"id":1,"email":"a@b"}`, `{"id":7,"email":"secret"}`)...)
	if got.Rejected != 1 || got.Rejection != "payload.schema: /email: does not fit pattern" || got.Added != 1 {
		t.Errorf("the preview is %+v", got)
	}
	if err := os.Remove(filepath.Join(r.dir, "users.json")); err != nil {
		t.Fatal(err)
	}
	p, config, _, out := r.program(options)
	if ok, err := p.Check(t.Context(), config); ok || err != nil || !strings.Contains(out.String(), "payload.schema: expected a JSON Schema") {
		t.Errorf("check: %v, %v, %s", ok, err, out)
	}
}

// A row that its source marks as deleted is not held against the schema.
func TestSchemaLetsDeletedRowsPass(t *testing.T) {
	const options = `,"sync_mode":"upsert","payload":{"format":"array","row":"full","schema":` + emails + `}`
	r := newRig(t)
	r.snapshot = `{"type":"none"}`
	r.want(options, table(`{"id":7,"email":null,"_ab_cdc_deleted_at":"2026"}`),
		`[{"data":{"id":7,"email":null,"_ab_cdc_deleted_at":"2026"},"operation":"removed","primary_key":"7"}]`)
}

// A link out of the folder of the config is not followed.
func TestSchemaIsBesideTheConfig(t *testing.T) {
	r := newRig(t)
	other := filepath.Join(t.TempDir(), "users.json")
	if err := os.WriteFile(other, []byte(emails), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(other, filepath.Join(r.dir, "users.json")); err != nil {
		t.Fatal(err)
	}
	_, err := r.sync(`,"payload":{"format":"envelope","schema":"users.json"}`)
	if err == nil || !strings.Contains(err.Error(), "there is none of that name") {
		t.Error(err)
	}
}

// An endpoint that publishes a schema and a sender that holds to it agree on each row.
func TestSchemaIsThatOfTheReceiver(t *testing.T) {
	schema, err := jsonschema.Compile([]byte(emails))
	if err != nil {
		t.Fatal(err)
	}
	r := newRig(t)
	if r.endpoint, err = receiver.Listen(t.Context(), "127.0.0.1:0", receiver.Options{Schema: schema}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.endpoint.Close() })
	letters := filepath.Join(r.dir, "letters")
	options := fmt.Sprintf(`,"on_rejected_rows":"dead_letter","dead_letter":{"type":"local","path":%q},"sync_mode":"upsert","payload":{"format":"ndjson"}`, letters)
	input := table(`{"id":1,"email":"a@b"}`, `{"id":2,"email":"secret"}`, `{"email":"c@d"}`)
	if _, err := r.sync(strings.Replace(options, `"ndjson"`, `"ndjson","row":"full"`, 1)+`,"on_missing_key":"send"`, input...); err != nil {
		t.Fatal(err)
	}
	if totals := r.endpoint.Totals(); totals.Rows != 1 {
		t.Errorf("%d rows are accepted, want 1", totals.Rows)
	}
	got := deadLettersIn(t, letters)
	if !strings.Contains(got, `: /email: does not fit pattern"`) {
		t.Errorf("the dead letters are\n%s", got)
	}
}
