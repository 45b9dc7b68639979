package destination

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// life is a table that changes while syncs of it are killed, fail, and are tried again, and an
// endpoint that follows docs/payload.md and drops every request whose Webhook-Id it has seen.
//
// A process that is killed leaves the snapshot as it is on the disk at that moment. So the endpoint
// copies it while it has the request at which the process dies, and takes nothing from then on.
type life struct {
	t        *rapid.T
	endpoint *obedient
	mode     string
	dir      string
	url      string
	job      int
	maxRows  int
	stdout   strings.Builder

	table map[int]int     // value by key, at the source
	read  map[string]bool // keys that a sync which ended well has read since they were removed last
	died  bool
	fault error // of the copy
}

func (l *life) snapshot() string { return filepath.Join(l.dir, "snapshot") }
func (l *life) copied() string   { return filepath.Join(l.dir, "copied") }

// TestWebhookIDIsSafeToObeyAfterACrash runs random histories with few keys and values. Keys are
// numbers that the source writes in one way or another.
func TestWebhookIDIsSafeToObeyAfterACrash(t *testing.T) {
	for _, mode := range []string{"mirror", "upsert", "add", "remove"} {
		t.Run(mode, func(t *testing.T) {
			lives(t, func(l *life) {
				l.mode, l.table, l.read = mode, map[int]int{}, map[string]bool{}
				l.endpoint.strict = true
				l.endpoint.removed = func(key string) { delete(l.read, key) }
				for range rapid.IntRange(1, 6).Draw(l.t, "attempts") {
					l.attempt(t, true)
				}
				l.attempt(t, false)
				l.compare()
			})
		})
	}
}

// TestKeylessRowsAfterACrash resumes from the last state that came out. With include_metadata rows
// that are equal otherwise are told apart: each is kept once.
func TestKeylessRowsAfterACrash(t *testing.T) {
	lives(t, func(l *life) {
		l.mode = "insert"
		var want []string
		for range rapid.IntRange(1, 3).Draw(l.t, "jobs") {
			l.job++
			l.maxRows = rapid.IntRange(1, 3).Draw(l.t, "max_rows")
			var lines []string
			for i := range rapid.IntRange(0, 8).Draw(l.t, "rows") {
				data := fmt.Sprintf(`{"v":%d}`, rapid.IntRange(0, 1).Draw(l.t, "value"))
				want = append(want, data)
				lines = append(lines, fmt.Sprintf(`{"type":"RECORD","record":{"stream":"users","data":%s,"emitted_at":%d}}`, data, len(want)))
				if rapid.Bool().Draw(l.t, "a state follows") {
					lines = append(lines, fmt.Sprintf(`{"type":"STATE","state":{"type":"STREAM","stream":{"stream_descriptor":{"name":"users"}},"id":%d}}`, i))
				}
			}
			for l.run(t, true, lines) != nil {
				lines = lines[l.resumption(lines):]
			}
		}
		slices.Sort(want)
		slices.Sort(l.endpoint.rows)
		if diff := cmp.Diff(want, l.endpoint.rows); diff != "" {
			l.t.Fatalf("the endpoint (-rows +endpoint):\n%s", diff)
		}
	})
}

func lives(t *testing.T, run func(l *life)) {
	t.Helper()
	histories(t, 6, func(rt *rapid.T, dir string) {
		l := &life{t: rt, dir: dir, endpoint: &obedient{seen: map[string]bool{}, keys: map[string]string{}, byNumber: true}}
		l.endpoint.died = l.die
		server := httptest.NewServer(l.endpoint)
		defer server.Close()
		l.url = server.URL
		run(l)
	})
}

// resumption is where the source goes on after the last state that came out.
func (l *life) resumption(lines []string) int {
	at := 0
	for line := range strings.Lines(l.stdout.String()) {
		var m struct{ State *struct{ ID int } }
		if json.Unmarshal([]byte(line), &m) != nil || m.State == nil {
			continue
		}
		at = 1 + slices.IndexFunc(lines, func(in string) bool { return strings.HasSuffix(in, fmt.Sprintf(`"id":%d}}`, m.State.ID)) })
	}
	return at
}

// attempt changes the table and reads it, as another sync or as one more attempt of the last one.
func (l *life) attempt(t *testing.T, faults bool) {
	if l.job == 0 || !faults || rapid.Bool().Draw(l.t, "another sync") {
		l.job++
	}
	for range rapid.IntRange(0, 3).Draw(l.t, "edits") {
		key := rapid.IntRange(1, 3).Draw(l.t, "key")
		if rapid.IntRange(0, 2).Draw(l.t, "edit") == 0 {
			delete(l.table, key)
		} else {
			l.table[key] = rapid.IntRange(0, 1).Draw(l.t, "value")
		}
	}
	l.maxRows = rapid.IntRange(1, 3).Draw(l.t, "max_rows")
	var lines []string
	for _, key := range slices.Sorted(maps.Keys(l.table)) {
		if l.mode == "remove" { // somebody else has brought the row there
			l.endpoint.keys[fmt.Sprint(key)] = ""
		}
		if rapid.IntRange(0, 3).Draw(l.t, "an older version comes first") == 0 {
			lines = append(lines, user(l.row(key, rapid.IntRange(0, 1).Draw(l.t, "value"))))
		}
		lines = append(lines, user(l.row(key, l.table[key])))
	}
	err := l.run(t, faults, append(lines, completed))
	if err == nil && l.mode == "remove" {
		for key := range l.table {
			l.read[fmt.Sprint(key)] = true
		}
	}
	if !faults && err != nil {
		l.t.Fatal(err)
	}
}

func (l *life) row(key, value int) string {
	id := rapid.SampledFrom([]string{"%d", "%d.0", "%de0"}).Draw(l.t, "spelling")
	return fmt.Sprintf(`{"id":`+id+`,"v":%d}`, key, value)
}

// run makes one attempt.
func (l *life) run(t *testing.T, faults bool, lines []string) error {
	kinds := []string{""}
	if faults {
		kinds = []string{"", "", "", "", "not taken", "answer lost", "dies before", "dies after"}
	}
	l.died = false
	random := rand.New(rand.NewPCG(rapid.Uint64().Draw(l.t, "faults"), 0))
	l.endpoint.fault = func() string {
		if l.died {
			return "not taken"
		}
		return kinds[random.IntN(len(kinds))]
	}
	p, config, catalog := l.program(t, lines)
	err := p.Write(t.Context(), config, catalog)
	if !l.died {
		return err
	}
	if err == nil {
		l.t.Fatal("the sync succeeded though its endpoint was gone")
	}
	if l.mode == "insert" {
		return err
	}
	if l.fault != nil {
		l.t.Fatal(l.fault)
	}
	l.replace(l.copied(), l.snapshot())
	return err
}

// program reads the lines as one attempt of the current sync.
func (l *life) program(t *testing.T, lines []string) (p *Program, config, catalog string) {
	more, key := `,"include_metadata":true`, ""
	if l.mode != "insert" {
		more = fmt.Sprintf(`,"snapshot":{"type":"local","path":%q},"allow_mass_removal":true`, l.snapshot())
		key = `,"primary_key":[["id"]]`
	}
	l.stdout.Reset()
	return programOf(t, map[string]string{
		"config":  fmt.Sprintf(`{"url":%q,"sync_mode":%q,"batching":{"max_rows":%d,"max_age_seconds":600},"delivery":{"retry":{"max_attempts":1},"max_concurrent_requests":1}%s}`, l.url, l.mode, l.maxRows, more),
		"catalog": fmt.Sprintf(`{"streams":[{"stream":{"name":"users","json_schema":{}},"sync_mode":"full_refresh","destination_sync_mode":"append","generation_id":%d,"minimum_generation_id":0,"sync_id":%d%s}]}`, l.job, 100+l.job, key),
	}, lines, &l.stdout), "config", "catalog"
}

// die takes the snapshot as it is, once no file comes or goes meanwhile.
func (l *life) die() {
	if l.died = true; l.mode == "insert" {
		return
	}
	for {
		before, err1 := l.files()
		err2 := os.RemoveAll(l.copied())
		err3 := os.CopyFS(l.copied(), os.DirFS(l.snapshot()))
		after, err4 := l.files()
		if l.fault = errors.Join(err1, err2, err4); l.fault != nil || err3 == nil && slices.Equal(before, after) {
			return
		}
	}
}

func (l *life) files() (names []string, err error) {
	entries, err := os.ReadDir(l.snapshot())
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names, err
}

func (l *life) replace(from, to string) {
	if err := os.RemoveAll(to); err != nil {
		l.t.Fatal(err)
	}
	if err := os.Rename(from, to); err != nil {
		l.t.Fatal(err)
	}
}

// compare looks at the endpoint's table after a sync that ended well.
func (l *life) compare() {
	want := map[string]string{}
	for key, value := range l.table {
		want[fmt.Sprint(key)] = fmt.Sprint(value)
	}
	got := map[string]string{}
	for key, data := range l.endpoint.keys {
		_, got[key], _ = strings.Cut(strings.TrimSuffix(data, "}"), `"v":`)
	}
	switch l.mode {
	case "upsert", "add": // what left stays
		maps.DeleteFunc(got, func(key, _ string) bool { return want[key] == "" })
	case "remove": // of what no sync that ended well has read, nobody knows that it left
		maps.DeleteFunc(got, func(key, _ string) bool { return want[key] == "" && !l.read[key] })
	}
	if l.mode == "add" || l.mode == "remove" { // which send no changes
		for _, table := range []map[string]string{want, got} {
			for key := range table {
				table[key] = ""
			}
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		l.t.Fatalf("the endpoint (-table +endpoint):\n%s", diff)
	}
}
