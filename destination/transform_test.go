package destination

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// bulk makes an Elasticsearch bulk of a mirror.
const bulk = `,"sync_mode":"mirror","max_removed_percent":100,"payload":{"format":"ndjson","transform":"if $operation == \"removed\" then {delete:{_id:$primary_key}} else {index:{_id:$primary_key,_index:$stream}}, del(.seen_at) end"}`

// A program may yield several outputs, knows what happens to the row, and what it drops makes no
// difference.
func TestTransformMirrorsATable(t *testing.T) {
	r := newRig(t)
	index := func(id int, v string) string {
		return fmt.Sprintf(`{"index":{"_id":"%d","_index":"users"}}`+"\n"+`{"id":%d,"v":%s}`+"\n", id, id, v)
	}
	r.want(bulk, table(`{"id":1,"v":1.0,"seen_at":1}`, `{"id":2,"v":2,"seen_at":1}`, `{"id":3,"v":3}`), index(1, "1.0")+index(2, "2")+index(3, "3"))
	r.want(bulk, table(`{"seen_at":2,"v":1,"id":1}`, `{"id":2,"v":5,"seen_at":2}`), index(2, "5"), `{"delete":{"_id":"3"}}`+"\n")
	r.want(bulk, table(`{"id":1,"v":1}`, `{"id":2,"v":5}`))
}

// A row without an output is settled and not sent; in an envelope the output takes the place of the
// data, and the key is the record's.
func TestTransformSelectsRows(t *testing.T) {
	r := newRig(t)
	const options = `,"sync_mode":"upsert","payload":{"format":"envelope","transform":"select(.active) | {n: .name, at: $emitted_at}"}`
	row := func(name, operation, key string) string {
		return fmt.Sprintf(`{"data":{"at":1,"n":%q},"operation":%q,"primary_key":%q}`, name, operation, key)
	}
	r.want(options, table(`{"id":1,"name":"Ada","active":true}`, `{"id":2,"name":"Ben"}`), envelope("upsert", row("Ada", "added", "1")))
	r.want(options, table(`{"id":1,"name":"Ada","active":1}`, `{"id":2,"name":"Ben","active":true}`), envelope("upsert", row("Ben", "changed", "2")))
}

// A row on which the program fails is rejected with the reason and without the value. The endpoint
// still has what it had of it: it did not leave.
func TestTransformRejectsRows(t *testing.T) {
	r := newRig(t)
	letters := filepath.Join(r.dir, "letters")
	options := fmt.Sprintf(`,"on_rejected_rows":"dead_letter","dead_letter":{"type":"local","path":%q}`, letters) +
		`,"sync_mode":"mirror","payload":{"format":"array","row":"full","transform":"{v: (.v + 1)}, select(.v == 7)"}`
	full := func(v, operation, key string) string {
		return fmt.Sprintf(`{"data":{"v":%s},"operation":%q,"primary_key":%q}`, v, operation, key)
	}
	r.want(options, table(`{"id":1,"v":1}`, `{"id":2,"v":2}`), "["+full("2", "added", "1")+","+full("3", "added", "2")+"]")
	r.want(options, table(`{"id":1,"v":"secret"}`, `{"id":2,"v":3}`, `{"id":3,"v":7}`), "["+full("4", "changed", "2")+"]")
	r.want(options, table(`{"id":1,"v":1}`, `{"id":2,"v":3}`))

	files, err := filepath.Glob(filepath.Join(letters, "*"))
	if err != nil || len(files) != 1 {
		t.Fatalf("dead letters in %v, %v", files, err)
	}
	text, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{
		`"data":{"id":1,"v":"secret"}`, `"reason":"payload.transform: cannot add: string`, `"data":{"id":3,"v":7}`,
		`"reason":"payload.transform: the program yields more than one output, and there is room for one"`,
	} {
		if !strings.Contains(string(text), part) {
			t.Errorf("%s is not in the dead letters\n%s", part, text)
		}
	}
}

// Without dead letters such a row ends the sync, after the rows before it.
func TestTransformEndsTheSync(t *testing.T) {
	r := newRig(t)
	p, config, catalog, out := r.program(`,"sync_mode":"upsert","payload":{"format":"single","transform":"[range(1e12)]"}`, table(`{"id":1}`)...)
	if err := p.Write(context.Background(), config, catalog); err == nil {
		t.Fatal("the sync ended well")
	}
	want := "stream users: the row with primary key 1 was refused, and on_rejected_rows is fail: payload.transform: the program exceeds its budget of "
	if !strings.Contains(out.String(), want) {
		t.Errorf("%q is not in\n%s", want, out)
	}
}

// Form fields are made of an object, and several outputs need a format that holds several.
func TestTransformIntoOneRow(t *testing.T) {
	for payload, want := range map[string]string{
		`"format":"form","transform":"{id, \"a b\": [.id]}"`:                         "a+b=%5B1%5D&id=1",
		`"format":"single","transform":"{text: \"user \\(.id) of \\($namespace)\"}"`: `{"text":"user 1 of "}`,
		`"format":"single","transform":".id"`:                                        `1`,
		`"format":"form","transform":".id"`:                                          "payload.transform: the program yields no object, and a form has a field for each member of one",
		`"format":"single","transform":"., ."`:                                       "payload.transform: the program yields more than one output, and there is room for one",
	} {
		r := newRig(t)
		bodies, err := r.sync(`,"sync_mode":"upsert","payload":{`+payload+`}`, table(`{"id":1}`)...)
		if err != nil && !strings.Contains(err.Error(), want) || err == nil && cmp.Diff([]string{want}, bodies) != "" {
			t.Errorf("%s: %q, %v, want %s", payload, bodies, err, want)
		}
	}
}

// Another program makes other rows of those that the endpoint has, which a warning says, once.
func TestAnotherTransformIsWarnedOf(t *testing.T) {
	r := newRig(t)
	for i, sync := range []struct {
		transform string
		rows      int
		warns     bool
	}{{"", 2, false}, {".", 0, true}, {"{id}", 2, true}, {"{id}", 0, false}, {"{id, v: 1}", 2, true}, {"", 1, true}} {
		settings := `,"sync_mode":"mirror"`
		if sync.transform != "" {
			settings += fmt.Sprintf(`,"payload":{"format":"envelope","transform":%q}`, sync.transform)
		}
		before := len(r.endpoint.Requests())
		p, config, catalog, out := r.program(settings, table(`{"id":1,"v":1}`, `{"id":2,"v":2}`)...)
		if err := p.Write(context.Background(), config, catalog); err != nil {
			t.Fatal(err)
		}
		rows := 0
		for _, request := range r.endpoint.Requests()[before:] {
			rows += strings.Count(string(request.Body), `"operation"`)
		}
		if warns := strings.Contains(out.String(), "the transform of a stream has changed"); warns != sync.warns || rows != sync.rows {
			t.Errorf("sync %d, %q: warns %v, sends %d rows; want %v, %d", i, sync.transform, warns, rows, sync.warns, sync.rows)
		}
	}
}

// A program that only selects rows yields nothing for a row that is to go, of which it gets {} or
// the data that it dropped last. The endpoint has the row, so the removal is sent, in each format
// that shows it.
func TestTransformDropsNoRemoval(t *testing.T) {
	formats := map[string]string{
		"envelope": `"format":"envelope"`,
		"array":    `"format":"array","row":"full"`,
		"ndjson":   `"format":"ndjson","row":"full"`,
		"single":   `"format":"single","row":"full"`,
		"wrapped":  `"format":"wrapped","row":"full","wrapper":"{\"r\":\"$rows\"}"`,
		"form":     `"format":"form","row":"full"`,
	}
	for name, format := range formats {
		for _, keep := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/keep_rows %v", name, keep), func(t *testing.T) {
				r := newRig(t)
				r.snapshot = fmt.Sprintf(`{"type":"local","path":%q,"keep_rows":%v}`, filepath.Join(r.dir, "snapshot"), keep)
				options := `,"sync_mode":"mirror","max_removed_percent":100,"payload":{` + format + `,"transform":"select(.active)"}`
				for _, rows := range [][]string{
					{`{"id":1,"active":true}`, `{"id":2,"active":true}`}, {`{"id":1,"active":false}`, `{"id":2,"active":true}`},
				} {
					if _, err := r.sync(options, table(rows...)...); err != nil {
						t.Fatal(err)
					}
				}
				bodies, err := r.sync(options, table(`{"id":2,"active":true}`)...)
				if err != nil || len(bodies) != 1 || !strings.Contains(bodies[0], "removed") || !strings.Contains(bodies[0], "1") {
					t.Errorf("error %v, requests %q, want the removal of row 1", err, bodies)
				}
			})
		}
	}
}

// A row that the source marks as deleted may lack what the program selects by.
func TestTransformDropsNoDeletion(t *testing.T) {
	r := newRig(t)
	const options = `,"sync_mode":"upsert","payload":{"format":"envelope","transform":"select(.active) | {id}"}`
	r.want(options, table(`{"id":1,"active":true}`), envelope("upsert", `{"data":{"id":1},"operation":"added","primary_key":"1"}`))
	r.want(options, table(`{"id":1,"active":null,"_ab_cdc_deleted_at":"2024"}`), envelope("upsert", `{"data":{},"operation":"removed","primary_key":"1"}`))
	r.snapshot = `{"type":"none"}`
	r.want(options, table(`{"id":1,"active":null,"_ab_cdc_deleted_at":"2024"}`), envelope("upsert", `{"data":{},"operation":"removed","primary_key":"1"}`))
}

// A program that reads $operation decides itself.
func TestTransformMayDropRemovals(t *testing.T) {
	r := newRig(t)
	const options = `,"sync_mode":"mirror","max_removed_percent":100,"payload":{"format":"envelope","transform":"select($operation != \"removed\")"}`
	row := func(id string) string {
		return `{"data":{"id":` + id + `},"operation":"added","primary_key":"` + id + `"}`
	}
	r.want(options, table(`{"id":1}`, `{"id":2}`), envelope("mirror", row("1"), row("2")))
	r.want(options, table(`{"id":1}`))
}
