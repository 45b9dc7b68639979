package destination

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"
)

var name = regexp.MustCompile(`msg_[0-9a-f]{32}`)

// A program and a wrapper can be tried without an endpoint: record, row and the whole body are
// shown, as a sync sends them.
func TestPreviewShowsRecordAndRow(t *testing.T) {
	r := newRig(t)
	r.snapshot = `{"type":"none"}`
	const options = `,"sync_mode":"upsert","on_rejected_rows":"dead_letter","dead_letter":{"type":"webhook","url":"http://127.0.0.1:1/"},` +
		`"payload":{"format":"wrapped","wrapper":"{\"id\":\"$webhook_id\",\"rows\":\"$rows\"}","transform":"{n: (.id + 1)}"}`
	input := table(`{"id":1}`, `{"id":"x"}`, `{"id":2}`)
	got := r.preview(options, input...)
	bodies, err := r.sync(options, table(`{"id":1}`, `{"id":2}`)...)
	if err != nil || len(bodies) != 1 || name.ReplaceAllString(bodies[0], "") != name.ReplaceAllString(got.Body, "") {
		// Without a snapshot each sync has other names.
		t.Errorf("the sync sends %q, %v, the preview shows %q", bodies, err, got.Body)
	}
	if want := `{"id":"` + got.Header.Get("Webhook-Id") + `","rows":[{"n":2},{"n":3}]}`; want != got.Body {
		t.Errorf("body %s, want %s", got.Body, want)
	}
	want := []PreviewRow{{jsontext.Value(`{"id":1}`), `{"n":2}`}, {jsontext.Value(`{"id":2}`), `{"n":3}`}}
	for i := range got.Rows {
		_ = got.Rows[i].Record.Compact()
	}
	if diff := cmp.Diff(want, got.Rows); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	if got.Rejected != 1 || !strings.HasPrefix(got.Rejection, "payload.transform: ") || strings.Contains(got.Rejection, `"x"`) {
		t.Errorf("%d rows rejected: %s", got.Rejected, got.Rejection)
	}

	p, config, catalog, out := r.program(options, input...)
	if err := p.Preview(t.Context(), config, catalog, false); err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"\n  record {\"id\":1}\n  row    {\"n\":2}\n", "1 rows would be rejected before they are sent; the first: payload.transform: ", `"rows":[{"n":2},{"n":3}]}`} {
		if !strings.Contains(out.String(), part) {
			t.Errorf("%q is not in\n%s", part, out)
		}
	}
}

// If each row has a request of its own, the first rows are those that are shown.
func TestPreviewShowsTheFirstRows(t *testing.T) {
	r := newRig(t)
	r.snapshot = `{"type":"none"}`
	var rows []string
	for id := range 50 {
		rows = append(rows, fmt.Sprintf(`{"id":%d}`, id))
	}
	for range 5 {
		got := r.preview(`,"sync_mode":"upsert","payload":{"format":"single"}`, table(rows...)...)
		var shown []string
		for _, row := range got.Rows {
			shown = append(shown, row.Row)
		}
		if diff := cmp.Diff(rows[:3], shown); diff != "" || got.Body != rows[0] {
			t.Fatalf("rows (-want +got):\n%s\nand the body is %s", diff, got.Body)
		}
	}
}
