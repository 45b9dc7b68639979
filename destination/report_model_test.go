package destination

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"destination-webhook/destination/manifest"
	"destination-webhook/destination/report"
)

// verdictEndpoint refuses rows whose v is 2, by verdicts or whole, and every request
// after this many. It counts the rows that it takes.
type verdictEndpoint struct {
	verdicts bool
	most     int // requests
	mu       sync.Mutex
	requests int
	taken    manifest.Rows
}

func (e *verdictEndpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.requests++; e.requests > e.most {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	var batch struct {
		Rows []struct {
			Operation string
			Data      struct{ V int }
		}
	}
	_ = json.Unmarshal(body, &batch)
	rejected, taken := []string{}, e.taken
	for i, row := range batch.Rows {
		if row.Data.V == 2 && row.Operation != "removed" {
			rejected = append(rejected, fmt.Sprintf(`{"index":%d}`, i))
			continue
		}
		switch row.Operation {
		case "added":
			taken.Added++
		case "changed":
			taken.Changed++
		case "removed":
			taken.Removed++
		default:
			taken.Upserted++
		}
	}
	if len(rejected) > 0 && !e.verdicts {
		w.WriteHeader(http.StatusUnprocessableEntity)
		return
	}
	e.taken = taken
	_, _ = fmt.Fprintf(w, `{"rejected":[%s]}`, strings.Join(rejected, ","))
}

// counted is a history of syncs whose reports are held against what happened.
type counted struct {
	t        *rapid.T
	endpoint *verdictEndpoint
	config   string
	catalog  string
	file     string
	letters  string
	retries  bool // rejected rows are tried again, and their dead letters tidied away
}

// modes are the configs and catalogs that decide which operations there are.
var modes = []struct{ config, sync, destination string }{
	{`"sync_mode":"insert"`, "full_refresh", "append"},
	{`"sync_mode":"insert"`, "incremental", "append"},
	{`"sync_mode":"upsert"`, "incremental", "append_dedup"},
	{`"sync_mode":"remove"`, "incremental", "append_dedup"},
	{`"sync_mode":"upsert",SNAPSHOT`, "full_refresh", "overwrite"},
	{`"sync_mode":"add",SNAPSHOT`, "full_refresh", "overwrite"},
	{`"sync_mode":"remove",SNAPSHOT`, "full_refresh", "overwrite"},
	{`"sync_mode":"mirror",SNAPSHOT`, "full_refresh", "overwrite"},
	{`"sync_mode":"mirror",SNAPSHOT`, "incremental", "append_dedup"},
}

// TestReportCountsEveryRow: whatever the mode and whatever becomes of the rows, a report names each
// of them once, by the operation with which the endpoint gets it, and the states name the same
// numbers.
func TestReportCountsEveryRow(t *testing.T) {
	histories(t, 40, func(rt *rapid.T, dir string) {
		c := newCounted(rt, dir)
		server := httptest.NewServer(c.endpoint)
		defer server.Close()
		c.config = strings.ReplaceAll(c.config, "URL", server.URL)
		for range rapid.IntRange(1, 4).Draw(rt, "syncs") {
			c.sync(t)
		}
	})
}

func newCounted(t *rapid.T, dir string) *counted {
	c := &counted{t: t, endpoint: &verdictEndpoint{verdicts: rapid.Bool().Draw(t, "verdicts")}, file: filepath.Join(dir, "report.json"), letters: filepath.Join(dir, "letters")}
	mode := rapid.SampledFrom(modes).Draw(t, "mode")
	settings := strings.Replace(mode.config, "SNAPSHOT", fmt.Sprintf(`"max_removed_percent":100,"snapshot":{"type":"local","path":%q}`, filepath.Join(dir, "snapshot")), 1)
	if rapid.Bool().Draw(t, "transform") {
		settings += `,"payload":{"format":"envelope","transform":"select(.skip | not)"}`
	}
	if c.retries = rapid.Bool().Draw(t, "retry_next_sync"); c.retries {
		settings += `,"rejected_rows":{"retry_next_sync":true,"max_syncs":3}`
	}
	c.config = fmt.Sprintf(`{"url":"URL",%s,"on_rejected_rows":"dead_letter","dead_letter":{"type":"local","path":%q},"delivery":{"retry":{"max_attempts":1}},
		"batching":{"compact":%v,"max_rows":%d,"max_age_seconds":600}}`, settings, c.letters, rapid.Bool().Draw(t, "compact"), rapid.IntRange(1, 5).Draw(t, "max_rows"))
	c.catalog = fmt.Sprintf(`{"streams":[{"stream":{"name":"users","json_schema":{}},"sync_mode":%q,"destination_sync_mode":%q,"primary_key":[["id"]]}]}`, mode.sync, mode.destination)
	return c
}

// input returns records and states.
func (c *counted) input() (lines []string, records int) {
	const state = `{"type":"STATE","state":{"type":"STREAM","stream":{"stream_descriptor":{"name":"users"}}}}`
	for range rapid.IntRange(0, 8).Draw(c.t, "rows") {
		row := fmt.Sprintf(`"id":%d,"v":%d`, rapid.IntRange(1, 4).Draw(c.t, "id"), rapid.IntRange(0, 2).Draw(c.t, "v"))
		switch rapid.IntRange(0, 7).Draw(c.t, "kind") {
		case 0:
			row += `,"_ab_cdc_deleted_at":"now"`
		case 1:
			row += `,"skip":true`
		case 2:
			row = strings.Replace(row, `"id":`, `"no_id":`, 1)
		}
		lines = append(lines, `{"type":"RECORD","record":{"stream":"users","data":{`+row+`},"emitted_at":1}}`)
		records++
		if rapid.Bool().Draw(c.t, "a state follows") {
			lines = append(lines, state)
		}
	}
	return append(lines, state, completed), records
}

// sync runs a sync and holds its report against what happened.
func (c *counted) sync(t *testing.T) {
	lines, records := c.input()
	c.endpoint.requests, c.endpoint.taken = 0, manifest.Rows{}
	c.endpoint.most = rapid.SampledFrom([]int{1000, 1000, 2}).Draw(c.t, "requests until the endpoint fails")
	before, out := c.letterFiles(), &bytes.Buffer{}
	p := programOf(t, map[string]string{"config": c.config, "catalog": c.catalog}, lines, out)
	p.Report = c.file
	failed := p.Write(t.Context(), "config", "catalog")
	text, err := os.ReadFile(c.file)
	if err != nil {
		c.t.Fatal(err)
	}
	r := requireReport(t, text).Totals
	if sum := r.Delivered + r.Rejected + r.Again + r.Skipped + r.Replaced + r.Waiting; sum != r.Read+r.Left+r.Retried {
		c.t.Errorf("%d rows have an outcome, of %d\n%s", sum, r.Read+r.Left+r.Retried, text)
	}
	for _, by := range [][2]int64{{sumOf(r.DeliveredBy), r.Delivered}, {sumOf(r.RejectedBy), r.Rejected}, {sumOf(r.SkippedBy.Rows) + r.SkippedBy.Unchanged, r.Skipped}, {sumOf(r.WaitingBy.Rows) + r.WaitingBy.Unchanged, r.Waiting}} {
		if by[0] != by[1] {
			c.t.Errorf("%d rows by operation, of %d\n%s", by[0], by[1], text)
		}
	}
	if r.DeliveredBy != c.endpoint.taken {
		c.t.Errorf("the endpoint has taken %+v\n%s", c.endpoint.taken, text)
	}
	if failed != nil {
		return
	}
	if r.Waiting != 0 || r.Read != int64(records) {
		c.t.Errorf("%d records were read\n%s", records, text)
	}
	if letters := c.newLetters(before); !c.retries && int64(letters) != r.Rejected {
		c.t.Errorf("%d rows became dead letters\n%s", letters, text)
	}
	if r.Left+r.Retried == 0 {
		c.states(out.String(), &r, text)
	}
}

// states holds what the states say against the report of a sync that sent nothing after them.
func (c *counted) states(out string, r *report.Counts, text []byte) {
	got := map[string]float64{}
	for line := range strings.Lines(out) {
		var s state
		if json.Unmarshal([]byte(line), &s) == nil {
			for name, n := range s.State.DestinationStats.AdditionalStats {
				got[name] += n
			}
		}
	}
	want := map[string]float64{"rows_delivered": float64(r.Delivered), "rows_skipped": float64(r.Skipped), "rows_replaced": float64(r.Replaced)}
	for name, rows := range map[string]manifest.Rows{"delivered": r.DeliveredBy, "rejected": r.RejectedBy, "skipped": r.SkippedBy.Rows} {
		for operation, n := range map[string]int64{"added": rows.Added, "changed": rows.Changed, "removed": rows.Removed, "upserted": rows.Upserted} {
			want["rows_"+name+"_"+operation] = float64(n)
		}
	}
	want["rows_skipped_unchanged"] = float64(r.SkippedBy.Unchanged)
	maps.DeleteFunc(want, func(_ string, n float64) bool { return n == 0 })
	maps.DeleteFunc(got, func(name string, _ float64) bool { return !strings.HasPrefix(name, "rows_") })
	if !maps.Equal(got, want) {
		c.t.Errorf("the states say %v, want %v\n%s", got, want, text)
	}
}

// state is what a STATE says of its rows.
type state struct {
	State struct {
		DestinationStats struct{ AdditionalStats map[string]float64 }
	}
}

func sumOf(r manifest.Rows) int64 { return r.Added + r.Changed + r.Removed + r.Upserted }

func (c *counted) letterFiles() []string {
	names, err := filepath.Glob(filepath.Join(c.letters, "dead-letters-*"))
	if err != nil {
		c.t.Fatal(err)
	}
	return names
}

// newLetters returns how many rows are in the files of dead letters that were not there before.
func (c *counted) newLetters(before []string) (rows int) {
	for _, name := range c.letterFiles() {
		if slices.Contains(before, name) {
			continue
		}
		text, err := os.ReadFile(name) //nolint:gosec // the test's own
		if err != nil {
			c.t.Fatal(err)
		}
		rows += bytes.Count(text, []byte(`"RECORD"`))
	}
	return rows
}
