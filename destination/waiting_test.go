package destination

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"destination-webhook/destination/deadletter"
	"destination-webhook/destination/payload"
	"destination-webhook/destination/replay"
)

// refuser is an endpoint that refuses requests with certain rows.
type refuser struct {
	t       *testing.T
	url     string
	refuses []string // the data of rows
	rows    []string // that were sent since the last sync began
	dir     string
	catalog string
	more    string // of the config
	said    bytes.Buffer
}

func newRefuser(t *testing.T, sync, more string) *refuser {
	e := &refuser{t: t, dir: t.TempDir(), more: more}
	e.catalog = fmt.Sprintf(`{"streams":[{"stream":{"name":"users","json_schema":{}},%s}]}`, sync)
	server := httptest.NewServer(e)
	t.Cleanup(server.Close)
	e.url = server.URL
	return e
}

func (e *refuser) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	for _, data := range e.refuses {
		if bytes.Contains(body, []byte(`{"data":`+data)) {
			w.WriteHeader(http.StatusUnprocessableEntity)
			return
		}
	}
	var batch struct {
		Rows []struct {
			Data      json.RawMessage
			Operation string
		}
	}
	if err := json.Unmarshal(body, &batch); err != nil {
		e.t.Error(err)
	}
	for _, row := range batch.Rows {
		e.rows = append(e.rows, strings.TrimSpace(row.Operation+" "+string(row.Data)))
	}
}

func (e *refuser) program(lines ...string) *Program {
	return programOf(e.t, map[string]string{
		"config": fmt.Sprintf(`{"url":%q,"on_rejected_rows":"dead_letter","dead_letter":{"type":"local","path":%q},"allow_mass_removal":true%s}`,
			e.url, filepath.Join(e.dir, "letters"), strings.ReplaceAll(e.more, "DIR", e.dir)),
		"catalog": e.catalog,
	}, lines, &e.said)
}

// sync reads rows, and wants those that arrive and what is said of the rows that wait.
func (e *refuser) sync(refuses, rows, want []string, said string) {
	e.t.Helper()
	e.refuses, e.rows = refuses, nil
	e.said.Reset()
	var lines []string
	for _, row := range rows {
		lines = append(lines, user(row))
	}
	if err := e.program(append(lines, completed)...).Write(context.Background(), "config", "catalog"); err != nil {
		e.t.Fatal(err)
	}
	if diff := cmp.Diff(want, e.rows); diff != "" {
		e.t.Errorf("rows that arrived (-want +got):\n%s", diff)
	}
	if !strings.Contains(e.said.String(), "rejected rows tried again: "+said) {
		e.t.Errorf("it does not say %q:\n%s", said, e.said.String())
	}
}

// left returns the rows of the dead letters that are not put aside.
func (e *refuser) left() (rows []string) {
	e.t.Helper()
	var out bytes.Buffer
	p := e.program()
	p.Stdout = &out
	if err := p.ShowDeadLetters(context.Background(), "config", replay.Filter{}, 0, true); err != nil {
		e.t.Fatal(err)
	}
	for line := range strings.Lines(out.String()) {
		var m struct {
			Record struct{ Data json.RawMessage }
		}
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			e.t.Fatal(err)
		}
		rows = append(rows, string(m.Record.Data))
	}
	return rows
}

const (
	retried     = `,"rejected_rows":{"retry_next_sync":true,"max_syncs":2}`
	compared    = retried + `,"snapshot":{"type":"local","path":"DIR/snapshot"}`
	incremental = `"sync_mode":"incremental","destination_sync_mode":"append_dedup","primary_key":[["id"]]`
	whole       = `"sync_mode":"full_refresh","destination_sync_mode":"overwrite","primary_key":[["id"]]`
	keyless     = `"sync_mode":"incremental","destination_sync_mode":"append"`
)

const one, two, newer = `{"id":1,"v":1}`, `{"id":2,"v":1}`, `{"id":1,"v":2}`

// A row is tried again though the source does not send it again, until the endpoint takes it.
func TestRejectedRowIsTakenByALaterSync(t *testing.T) {
	e := newRefuser(t, incremental, retried)
	e.sync([]string{one}, []string{one, two}, []string{two}, "0 taken, 0 refused, 0 replaced, 0 given up; 1 row waits for the next sync")
	e.sync([]string{one}, nil, nil, "0 taken, 1 refused, 0 replaced, 0 given up; 1 row waits for the next sync")
	e.sync(nil, nil, []string{one}, "1 taken, 0 refused, 0 replaced, 0 given up; 0 rows wait for the next sync")
	e.sync(nil, nil, nil, "0 taken, 0 refused, 0 replaced, 0 given up; 0 rows wait for the next sync")
	if left := e.left(); len(left) > 0 {
		t.Errorf("dead letters are left: %s", left)
	}
}

// A newer row of the key comes first, and the older one never.
func TestRejectedRowIsReplaced(t *testing.T) {
	e := newRefuser(t, incremental, retried)
	e.sync([]string{one}, []string{one}, nil, "0 taken, 0 refused, 0 replaced, 0 given up; 1 row waits")
	e.sync(nil, []string{newer}, []string{newer}, "0 taken, 0 refused, 1 replaced, 0 given up; 0 rows wait")
	e.sync(nil, nil, nil, "0 taken, 0 refused, 0 replaced, 0 given up; 0 rows wait")
}

// Enough syncs have tried: the row stays a dead letter.
func TestRejectedRowIsGivenUp(t *testing.T) {
	e := newRefuser(t, keyless, retried)
	e.sync([]string{one}, []string{one}, nil, "0 taken, 0 refused, 0 replaced, 0 given up; 1 row waits")
	e.sync([]string{one}, nil, nil, "0 taken, 1 refused, 0 replaced, 0 given up; 1 row waits")
	e.sync([]string{one}, nil, nil, "0 taken, 1 refused, 0 replaced, 1 given up; 0 rows wait")
	e.sync(nil, nil, nil, "0 taken, 0 refused, 0 replaced, 0 given up; 0 rows wait")
	if diff := cmp.Diff([]string{one}, e.left()); diff != "" {
		t.Errorf("dead letters (-want +got):\n%s", diff)
	}
}

// A row that is refused again and again says nothing of the others: many do not end a sync.
func TestManyRejectedRowsDoNotEndTheSync(t *testing.T) {
	e := newRefuser(t, keyless, retried)
	e.sync([]string{`{"id":1`}, append(slices.Repeat([]string{one}, 50), two), []string{"added " + two}, "0 taken, 0 refused, 0 replaced, 0 given up; 50 rows wait")
	e.sync([]string{`{"id":1`}, nil, nil, "0 taken, 50 refused, 0 replaced, 0 given up; 50 rows wait")
	e.sync(nil, nil, slices.Repeat([]string{"added " + one}, 50), "50 taken, 0 refused, 0 replaced, 0 given up; 0 rows wait")
}

// The source goes back to what the endpoint has: nothing is sent, and the row no longer waits.
func TestRejectedRowThatGoesBack(t *testing.T) {
	e := newRefuser(t, incremental, compared)
	e.sync(nil, []string{one}, []string{"added " + one}, "0 taken, 0 refused, 0 replaced, 0 given up; 0 rows wait")
	e.sync([]string{newer}, []string{newer}, nil, "0 taken, 0 refused, 0 replaced, 0 given up; 1 row waits")
	e.sync([]string{newer}, nil, nil, "0 taken, 1 refused, 0 replaced, 0 given up; 1 row waits")
	e.sync(nil, []string{one}, nil, "0 taken, 0 refused, 1 replaced, 0 given up; 0 rows wait")
	e.sync(nil, nil, nil, "0 taken, 0 refused, 0 replaced, 0 given up; 0 rows wait")
}

// A sync that was killed leaves dead letters that no longer wait: they are not listed, nor is a row
// twice that was rejected again.
func TestDeadLettersThatNoLongerWaitAreNotListed(t *testing.T) {
	e := newRefuser(t, keyless, retried)
	letter := func(data, id string, syncs int) []byte {
		r := deadletter.Record{Data: []byte(data), Status: 422, Reason: "no", Retry: payload.Retry{ID: id, Syncs: syncs}}
		r.Stream.Name = "users"
		return r.Append(nil)
	}
	lines := slices.Concat(letter(one, "A", 0), letter(two, "B", 0), letter(two, "B", 1), deadletter.AppendResolved(nil, []string{"A"}))
	if err := os.Mkdir(filepath.Join(e.dir, "letters"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(e.dir, "letters", "dead-letters-1.jsonl"), lines, 0o600); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{two}, e.left()); diff != "" {
		t.Errorf("dead letters (-want +got):\n%s", diff)
	}
	e.sync(nil, nil, []string{"added " + two}, "1 taken, 0 refused, 0 replaced, 0 given up; 0 rows wait")
}

// A full refresh with a snapshot sends a rejected row by itself: it is sent once, and not at all
// after it has left the source.
func TestRejectedRowOfAFullRefresh(t *testing.T) {
	e := newRefuser(t, whole, compared)
	e.sync([]string{one}, []string{one, two}, []string{"added " + two}, "0 taken, 0 refused, 0 replaced, 0 given up; 1 row waits")
	e.sync(nil, []string{one, two}, []string{"added " + one}, "0 taken, 0 refused, 1 replaced, 0 given up; 0 rows wait")
	e.sync([]string{newer}, []string{newer, two}, nil, "0 taken, 0 refused, 0 replaced, 0 given up; 1 row waits")
	e.sync(nil, []string{two}, []string{"removed " + one}, "0 taken, 0 refused, 1 replaced, 0 given up; 0 rows wait")
	e.sync(nil, []string{two}, nil, "0 taken, 0 refused, 0 replaced, 0 given up; 0 rows wait")
}
