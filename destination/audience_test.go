package destination

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"destination-webhook/destination/config/configtest"
	"destination-webhook/protocol"
	"destination-webhook/receiver"
)

// rig is a destination with a snapshot and its endpoint.
type rig struct {
	t        *testing.T
	endpoint *receiver.Server
	dir      string
	catalog  string
	snapshot string // its place in the config
}

const usersRefresh = `{"streams":[{"stream":{"name":"users","json_schema":{}},"sync_mode":"full_refresh","destination_sync_mode":"overwrite","primary_key":[["id"]]}]}`

func newRig(t *testing.T) *rig {
	endpoint, err := receiver.Listen(t.Context(), "127.0.0.1:0", receiver.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = endpoint.Close() })
	dir := t.TempDir()
	return &rig{
		t: t, endpoint: endpoint, dir: dir, catalog: usersRefresh,
		snapshot: fmt.Sprintf(`{"type":"local","path":%q}`, filepath.Join(dir, "snapshot")),
	}
}

// program writes config and catalog and returns a program that reads them. The options are members
// of the config.
func (r *rig) program(options string, input ...string) (*Program, string, string, *bytes.Buffer) {
	config, catalog := filepath.Join(r.dir, "config.json"), filepath.Join(r.dir, "catalog.json")
	text := fmt.Sprintf(`{"url":%q,"snapshot":%s,"delivery":{"retry":{"max_attempts":1}}%s}`, r.endpoint.URL(), r.snapshot, options)
	for name, content := range map[string]string{config: text, catalog: r.catalog} {
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			r.t.Fatal(err)
		}
	}
	out := &bytes.Buffer{}
	return &Program{
		Spec: configtest.Spec(r.t), Version: "test", Stdin: strings.NewReader(strings.Join(input, "\n") + "\n"), Stdout: out,
		Getenv: func(string) string { return "" },
	}, config, catalog, out
}

// sync runs write and returns the bodies that reached the endpoint.
func (r *rig) sync(options string, input ...string) ([]string, error) {
	before := len(r.endpoint.Requests())
	p, config, catalog, _ := r.program(options, input...)
	err := p.Write(context.Background(), config, catalog)
	var bodies []string
	for _, request := range r.endpoint.Requests()[before:] {
		bodies = append(bodies, string(request.Body))
	}
	return bodies, err
}

func (r *rig) want(options string, input []string, want ...string) {
	r.t.Helper()
	bodies, err := r.sync(options, input...)
	if err != nil {
		r.t.Fatal(err)
	}
	if diff := cmp.Diff(want, bodies); diff != "" {
		r.t.Error(diff)
	}
}

func user(data string) string {
	return fmt.Sprintf(`{"type":"RECORD","record":{"stream":"users","data":%s,"emitted_at":1}}`, data)
}

const completed = `{"type":"TRACE","trace":{"type":"STREAM_STATUS","emitted_at":1.7E12,"stream_status":{"stream_descriptor":{"name":"users"},"status":"COMPLETE"}}}`

func table(rows ...string) []string {
	var lines []string
	for _, row := range rows {
		lines = append(lines, user(row))
	}
	return append(lines, completed)
}

// numbered are rows that have a number each, from 0 on.
func numbered(n int) (rows []string) {
	for i := range n {
		rows = append(rows, fmt.Sprintf(`{"id":%d}`, i))
	}
	return rows
}

var (
	firstTable  = table(`{"id":1,"name":"Ada","plan":"free"}`, `{"id":2,"name":"Ben","plan":"pro"}`, `{"id":3,"name":"Chloé","plan":"free"}`)
	secondTable = table(`{"id":1,"name":"Ada","plan":"pro"}`, `{"id":2,"plan":"pro","name":"Ben"}`, `{"id":4,"name":"Dmitri","plan":"free"}`)
)

func envelope(mode string, rows ...string) string {
	return `{"sync_mode":"` + mode + `","rows":[` + strings.Join(rows, ",") + `]}`
}

const (
	adaAdded     = `{"data":{"id":1,"name":"Ada","plan":"free"},"operation":"added","primary_key":"1"}`
	benAdded     = `{"data":{"id":2,"name":"Ben","plan":"pro"},"operation":"added","primary_key":"2"}`
	chloéAdded   = `{"data":{"id":3,"name":"Chloé","plan":"free"},"operation":"added","primary_key":"3"}`
	adaChanged   = `{"data":{"id":1,"name":"Ada","plan":"pro"},"operation":"changed","primary_key":"1"}`
	dmitriAdded  = `{"data":{"id":4,"name":"Dmitri","plan":"free"},"operation":"added","primary_key":"4"}`
	chloéRemoved = `{"data":{"id":3,"name":"Chloé","plan":"free"},"operation":"removed","primary_key":"3"}`
)

// The example of docs/sync-modes.md is what happens.
func TestMirrorAsInTheDocs(t *testing.T) {
	r := newRig(t)
	bodies := []string{
		envelope("mirror", adaAdded, benAdded, chloéAdded),
		envelope("mirror", adaChanged, dmitriAdded),
		envelope("mirror", chloéRemoved),
	}
	r.want("", firstTable, bodies[0])
	r.want("", secondTable, bodies[1:]...)
	r.want("", secondTable)
	page, err := os.ReadFile("../docs/sync-modes.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, body := range bodies {
		if !bytes.Contains(page, []byte("\n"+body+"\n")) {
			t.Errorf("docs/sync-modes.md does not have the body\n%s", body)
		}
	}
}

func TestAudienceModes(t *testing.T) {
	for mode, want := range map[string][][]string{
		"upsert": {{envelope("upsert", adaAdded, benAdded, chloéAdded)}, {envelope("upsert", adaChanged, dmitriAdded)}, nil},
		"add":    {{envelope("add", adaAdded, benAdded, chloéAdded)}, {envelope("add", dmitriAdded)}, nil},
		"remove": {nil, {envelope("remove", chloéRemoved)}, nil},
	} {
		t.Run(mode, func(t *testing.T) {
			r, option := newRig(t), fmt.Sprintf(`,"sync_mode":%q`, mode)
			r.want(option, firstTable, want[0]...)
			r.want(option, secondTable, want[1]...)
			r.want(option, secondTable, want[2]...)
			// The snapshot is kept as if all had been sent.
			r.want(`,"sync_mode":"mirror"`, secondTable)
		})
	}
}

func TestRemovalsNeedTheWholeStream(t *testing.T) {
	r := newRig(t)
	r.want("", firstTable, envelope("mirror", adaAdded, benAdded, chloéAdded))
	incomplete := secondTable[:3]
	r.want("", incomplete, envelope("mirror", adaChanged, dmitriAdded))
	r.want(`,"removals_without_complete":true`, incomplete, envelope("mirror", chloéRemoved))
}

func TestMassRemovalIsRefused(t *testing.T) {
	var r *rig
	rows := numbered(300)
	for want, left := range map[string][]string{"101 of 300 rows would be removed": table(rows[:199]...), "all of its 300 rows would be removed": table()} {
		r = newRig(t) // what a refused sync has seen counts
		if _, err := r.sync("", table(rows...)...); err != nil {
			t.Fatal(err)
		}
		bodies, err := r.sync("", left...)
		if err == nil || failureType(err) != "config_error" || len(bodies) > 0 || !strings.Contains(err.Error(), want) {
			t.Errorf("%d bodies were sent, and %v; want %s", len(bodies), err, want)
		}
	}
	if bodies, err := r.sync(`,"max_removed_percent":40`, table(rows[:199]...)...); err != nil || len(bodies) == 0 {
		t.Errorf("with a higher limit: %d bodies, %v", len(bodies), err)
	}
	if bodies, err := r.sync(`,"allow_mass_removal":true`, table()...); err != nil || len(bodies) == 0 {
		t.Errorf("when it is allowed: %d bodies, %v", len(bodies), err)
	}
}

// A small audience is not wiped by an empty source either.
func TestEmptySourceRemovesNothing(t *testing.T) {
	r := newRig(t)
	r.want("", firstTable, envelope("mirror", adaAdded, benAdded, chloéAdded))
	if bodies, err := r.sync("", completed); err == nil || len(bodies) > 0 {
		t.Errorf("%d bodies were sent, and %v", len(bodies), err)
	}
}

// A sync that fails while it removes rows says why it failed, and leaves a snapshot that the next
// one goes on with.
func TestFailureDuringRemovals(t *testing.T) {
	r := newRig(t)
	// More than may be in flight at once.
	const options, rows = `,"allow_mass_removal":true,"batching":{"max_rows":1}`, 50
	if _, err := r.sync(options, table(numbered(rows)...)...); err != nil {
		t.Fatal(err)
	}
	r.endpoint.SetFaults(receiver.Faults{Status: 500})
	if _, err := r.sync(options, completed); failureType(err) != protocol.TransientError {
		t.Errorf("the sync ended with %v, want the endpoint's failure", err)
	}
	if _, err := os.Stat(filepath.Join(r.dir, "snapshot", "SEAL")); err != nil {
		t.Errorf("the snapshot was not closed: %v", err)
	}
	r.endpoint.SetFaults(receiver.Faults{})
	bodies, err := r.sync(options, completed)
	removed := make(map[string]bool)
	for _, body := range bodies {
		if strings.Contains(body, `"operation":"removed"`) {
			removed[body] = true
		}
	}
	if err != nil || len(bodies) != rows || len(removed) != rows {
		t.Errorf("then %d rows are removed by %d requests, %v; want %d", len(removed), len(bodies), err, rows)
	}
}

// What the endpoint refused, or what was never answered, is tried again.
func TestUnconfirmedRowsAreSentAgain(t *testing.T) {
	r := newRig(t)
	for _, fault := range []string{"status=500", "reject=name=Ada", "answer=half"} {
		faults, err := receiver.ParseFaults(fault)
		if err != nil {
			t.Fatal(err)
		}
		r.endpoint.SetFaults(faults)
		if _, err := r.sync("", firstTable[0], completed); err == nil {
			t.Fatalf("the sync went well under %s", fault)
		}
	}
	r.endpoint.SetFaults(receiver.Faults{})
	bodies, err := r.sync("", firstTable...)
	if err != nil || len(bodies) != 1 || !strings.Contains(bodies[0], adaAdded) {
		t.Errorf("got %q, %v", bodies, err)
	}
}

func TestDeadLetteredRowIsTriedAgain(t *testing.T) {
	r := newRig(t)
	options := fmt.Sprintf(`,"on_rejected_rows":"dead_letter","dead_letter":{"type":"local","path":%q}`, filepath.Join(r.dir, "letters"))
	r.endpoint.SetFaults(receiver.Faults{RejectField: "name", RejectValue: "Ada", RejectRows: true})
	r.want(options, firstTable, envelope("mirror", adaAdded, benAdded, chloéAdded))
	r.endpoint.SetFaults(receiver.Faults{})
	r.want(options, firstTable, envelope("mirror", adaAdded))
}

// The removal of a row that left is no record of the source and has no letter, even if the row
// once said that it was not deleted; it stays due.
func TestRejectedRemovalHasNoDeadLetter(t *testing.T) {
	r := newRig(t)
	letters := filepath.Join(r.dir, "letters")
	options := fmt.Sprintf(`,"on_rejected_rows":"dead_letter","dead_letter":{"type":"local","path":%q}`, letters)
	row := func(id int) string { return fmt.Sprintf(`{"id":%d,"name":"Ada","_ab_cdc_deleted_at":null}`, id) }
	removal := envelope("mirror", `{"data":`+row(2)+`,"operation":"removed","primary_key":"2"}`)
	r.want(options, table(row(1), row(2)), envelope("mirror",
		`{"data":`+row(1)+`,"operation":"added","primary_key":"1"}`, `{"data":`+row(2)+`,"operation":"added","primary_key":"2"}`))
	r.endpoint.SetFaults(receiver.Faults{RejectField: "name", RejectValue: "Ada"})
	r.want(options, table(row(1)), removal)
	r.endpoint.SetFaults(receiver.Faults{})
	r.want(options, table(row(1)), removal)
	files, err := filepath.Glob(filepath.Join(letters, "*"))
	if err != nil || len(files) > 0 {
		t.Errorf("%v, %v: want none", files, err)
	}
}

// What is said of a rejected removal speaks of no dead letter.
func TestRejectedRemovalIsNotCalledADeadLetter(t *testing.T) {
	r := newRig(t)
	letters := filepath.Join(r.dir, "letters")
	options := fmt.Sprintf(`,"on_rejected_rows":"dead_letter","dead_letter":{"type":"local","path":%q}`, letters)
	const ben = `{"id":2,"name":"Ben"}`
	if _, err := r.sync(options, table(`{"id":1,"name":"Ada"}`, ben)...); err != nil {
		t.Fatal(err)
	}
	r.endpoint.SetFaults(receiver.Faults{RejectField: "id", RejectValue: "2"})
	for _, test := range []struct {
		rows           []string
		wanted, absent string
	}{
		{table(`{"id":1,"name":"Ada"}`), "removals were rejected and stay due stream=users rows=1", "dead"},
		{table(`{"id":1,"name":"Ada"}`, `{"id":2,"name":"Benjamin"}`), "rows were rejected and stored stream=users rows=1 dead_letters=", "removal"},
	} {
		p, config, catalog, out := r.program(options, test.rows...)
		if err := p.Write(t.Context(), config, catalog); err != nil {
			t.Fatal(err)
		}
		warnings := ""
		for line := range strings.Lines(out.String()) {
			if strings.Contains(line, `"WARN"`) {
				warnings += line
			}
		}
		if !strings.Contains(warnings, test.wanted) || strings.Contains(warnings, test.absent) {
			t.Errorf("want %q and no %q in:\n%s", test.wanted, test.absent, warnings)
		}
	}
}

// A mode that sends no removals forgets the rows that left, however many, and sends them should
// they come back.
func TestModesWithoutRemovalsForget(t *testing.T) {
	for _, mode := range []string{"add", "upsert"} {
		t.Run(mode, func(t *testing.T) {
			r, option := newRig(t), fmt.Sprintf(`,"sync_mode":%q,"batching":{"max_rows":100}`, mode)
			all := table(numbered(300)...)
			if bodies, err := r.sync(option, all...); len(bodies) != 3 || err != nil {
				t.Fatalf("%d bodies were sent, %v", len(bodies), err)
			}
			r.want(option, []string{completed})
			if bodies, err := r.sync(option, all...); len(bodies) != 3 || err != nil {
				t.Errorf("when they are back, %d bodies are sent, %v; want 3", len(bodies), err)
			}
		})
	}
}

// A deletion mark is sent though the snapshot has no such row: the endpoint may have it from
// before.
func TestDeletionMarkOfAnUnknownRow(t *testing.T) {
	const gone = `{"id":9,"_ab_cdc_deleted_at":"2026-01-01"}`
	removed := func(mode string) []string {
		return []string{envelope(mode, `{"data":`+gone+`,"operation":"removed","primary_key":"9"}`)}
	}
	incremental := strings.NewReplacer("full_refresh", "incremental", `"overwrite"`, `"append_dedup"`).Replace(usersRefresh)
	for name, test := range map[string]struct {
		mode, catalog string
		want          []string
	}{
		"remove":         {"remove", incremental, removed("remove")},
		"upsert":         {"upsert", incremental, removed("upsert")},
		"mirror":         {"mirror", incremental, removed("mirror")},
		"add":            {"add", incremental, nil},
		"a full refresh": {"mirror", usersRefresh, nil}, // a table says it each time
	} {
		t.Run(name, func(t *testing.T) {
			r, option := newRig(t), fmt.Sprintf(`,"sync_mode":%q`, test.mode)
			r.catalog = test.catalog
			r.want(option, []string{user(gone), completed}, test.want...)
			r.want(option, []string{user(gone), completed}, test.want...)
		})
	}
}

// A row that was rejected takes what follows it along: in mode add a change is not sent, and
// without the row it means nothing.
func TestSilentRowsOfARejectedKeyAreNotConfirmed(t *testing.T) {
	r := newRig(t)
	options := fmt.Sprintf(`,"sync_mode":"add","on_rejected_rows":"dead_letter","dead_letter":{"type":"local","path":%q}`, filepath.Join(r.dir, "letters"))
	r.endpoint.SetFaults(receiver.Faults{RejectField: "name", RejectValue: "Ada", RejectRows: true})
	const first, second = `{"id":1,"name":"Ada","v":1}`, `{"id":1,"name":"Ada","v":2}`
	r.want(options, table(first, second), envelope("add", `{"data":`+first+`,"operation":"added","primary_key":"1"}`))
	r.endpoint.SetFaults(receiver.Faults{})
	r.want(options, table(second), envelope("add", `{"data":`+second+`,"operation":"added","primary_key":"1"}`))
}

func TestDeletionMarkRemoves(t *testing.T) {
	r := newRig(t)
	r.catalog = strings.NewReplacer("full_refresh", "incremental", `"overwrite"`, `"append_dedup"`).Replace(usersRefresh)
	r.want("", []string{user(`{"id":1,"_ab_cdc_deleted_at":null}`), user(`{"id":2,"_ab_cdc_deleted_at":null}`)},
		envelope("upsert", `{"data":{"id":1,"_ab_cdc_deleted_at":null},"operation":"added","primary_key":"1"}`, `{"data":{"id":2,"_ab_cdc_deleted_at":null},"operation":"added","primary_key":"2"}`))
	r.want("", []string{user(`{"id":1,"_ab_cdc_deleted_at":"2026-01-01"}`), completed},
		envelope("upsert", `{"data":{"id":1,"_ab_cdc_deleted_at":"2026-01-01"},"operation":"removed","primary_key":"1"}`))
}

// What the snapshot knew does not hold any more, and the log says so, once.
func TestAnotherAudienceStartsOver(t *testing.T) {
	for name, test := range map[string]struct{ catalog, options, warning, key string }{
		"primary key": {strings.Replace(usersRefresh, `[["id"]]`, `[["name"]]`, 1), "", "the primary key of a stream has changed", "Ada"},
		"method":      {usersRefresh, `,"method":"PUT"`, "the URL or method of a stream has changed", "1"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.want("", firstTable, envelope("mirror", adaAdded, benAdded, chloéAdded))
			r.catalog = test.catalog
			for _, want := range []bool{true, false} {
				p, config, catalog, out := r.program(test.options, firstTable...)
				if err := p.Write(t.Context(), config, catalog); err != nil {
					t.Fatal(err)
				}
				if strings.Contains(out.String(), test.warning) != want {
					t.Errorf("the log tells of the dropped snapshot: %v, want %v: %s", !want, want, out)
				}
			}
			requests := r.endpoint.Requests()
			if last := string(requests[len(requests)-1].Body); len(requests) != 2 || !strings.Contains(last, `"operation":"added","primary_key":"`+test.key+`"`) {
				t.Errorf("%d requests, the last is %s", len(requests), last)
			}
		})
	}
}

// The states count every record, sent or not; the log says what was sent, and what the records
// were.
func TestCountsWithASnapshot(t *testing.T) {
	r := newRig(t)
	letters := fmt.Sprintf(`,"on_rejected_rows":"dead_letter","dead_letter":{"type":"local","path":%q}`, filepath.Join(r.dir, "letters"))
	const state = `{"type":"STATE","state":{"type":"STREAM","stream":{"stream_descriptor":{"name":"users"}}}}`
	input := func(rows []string) []string {
		return append(append(append([]string{}, rows[:3]...), state), rows[3:]...)
	}
	for _, sync := range []struct {
		options string
		input   []string
		want    []string
	}{
		{"", input(firstTable), []string{
			`"recordCount":3.0,"additionalStats":{"rows_delivered":3.0,"batches":1.0,"requests":1.0,`, "a stream has ended stream=users rows=3 requests=1 ",
			"compared with the snapshot: 3 added, 0 changed, 0 removed, 0 unchanged",
		}},
		{"", input(secondTable), []string{
			`"recordCount":3.0,"additionalStats":{"rows_delivered":2.0,"rows_skipped":1.0,"batches":1.0,"requests":1.0,`,
			"compared with the snapshot: 1 added, 1 changed, 1 removed, 1 unchanged",
		}},
		{"", input(secondTable), []string{`"recordCount":3.0,"additionalStats":{"rows_skipped":3.0,"rows_skipped_unchanged":3.0}}`, "0 changed, 0 removed, 3 unchanged"}},
		{`,"sync_mode":"remove"`, append(input(secondTable), user(`{"id":5}`)), []string{
			`"recordCount":3.0,"additionalStats":{"rows_skipped":3.0,"rows_skipped_unchanged":3.0}}`, "1 added, 0 changed, 0 removed, 3 unchanged",
		}},
		{letters, append([]string{user(`{"name":"no id"}`), user(`{"id":6}`), user(`{"id":6}`), state}, completed), []string{
			`"recordCount":2.0,"rejectedRecordCount":1.0,"additionalStats":{"rows_delivered":1.0,"rows_skipped":1.0,`, "a stream has ended stream=users rows=5 requests=2 ", "rows were rejected and stored stream=users rows=1 dead_letters=",
			"compared with the snapshot: 1 added, 0 changed, 4 removed, 1 unchanged; 1 came with a key that had come before",
		}},
	} {
		p, config, catalog, out := r.program(sync.options, sync.input...)
		before := len(r.endpoint.Requests())
		if err := p.Write(t.Context(), config, catalog); err != nil {
			t.Fatal(err)
		}
		rows, bytes, requests := 0, 0, r.endpoint.Requests()[before:]
		for _, request := range requests {
			rows, bytes = rows+request.Rows, bytes+len(request.Body)
		}
		for _, part := range append(sync.want, fmt.Sprintf("the sync has ended rows=%d requests=%d bytes=%d ", rows, len(requests), bytes)) {
			if !strings.Contains(out.String(), part) {
				t.Errorf("%q is not in\n%s", part, out)
			}
		}
	}
}
