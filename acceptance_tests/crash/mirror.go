package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"strings"
	"sync"

	"destination-webhook/receiver"
)

// table is a plan for the other kind of run: full refreshes of a table that changes between them,
// with a snapshot, in mode mirror.
type table struct {
	seed     uint64
	settings settings
	keepRows bool
	allow    bool   // mass removals; else the limit is all rows
	routes   routes // of the rows
	reads    []read // the last one lives, in a generation of its own
}

// read is one sync.
type read struct {
	rows       map[string]int // value by key; the endpoint refuses those that are bad
	order      []string       // of keys, as the source reads them
	generation int
	end        end
}

func (t *table) String() string {
	text := fmt.Sprintf("a mirror with keep_rows %v, allow_mass_removal %v, routes %s and %+v; reads", t.keepRows, t.allow, t.routes, t.settings)
	for _, r := range t.reads {
		text += fmt.Sprintf(" of %d rows in generation %d, end %+v;", len(r.rows), r.generation, r.end)
	}
	return text
}

// bad is the value of a row that the endpoint refuses. They are few: it would take twenty in a row
// to end a sync.
const bad = 3

// drawTable makes the plan of a seed. Values are few, so that rows often change back to what they
// were.
func drawTable(seed uint64) *table {
	r := rand.New(rand.NewPCG(seed, 0))
	t := &table{seed: seed, routes: drawRoutes(seed), settings: drawSettings(r), keepRows: r.IntN(2) == 0, allow: r.IntN(2) == 0}
	t.settings.faults.RejectField, t.settings.faults.RejectValue = "value", fmt.Sprint(bad)
	t.settings.faults.RejectRows = r.IntN(2) == 0
	rows, keys, generation := map[string]int{}, 20+r.IntN(200), 1
	for range 2 + r.IntN(5) {
		for range keys / 2 {
			key := fmt.Sprintf("key %d", r.IntN(keys))
			rows[key] = r.IntN(3)
			switch {
			case rows[key] == 0:
				delete(rows, key)
			case r.IntN(40) == 0:
				rows[key] = bad
			}
		}
		t.reads = append(t.reads, readOf(r, rows, generation, drawEnd(r, keys)))
		generation += r.IntN(2)
	}
	t.reads = append(t.reads, readOf(r, rows, generation+1, end{}))
	return t
}

func readOf(r *rand.Rand, rows map[string]int, generation int, death end) read {
	one := read{rows: maps.Clone(rows), generation: generation, end: death}
	for key := range rows {
		one.order = append(one.order, key)
	}
	r.Shuffle(len(one.order), func(i, j int) { one.order[i], one.order[j] = one.order[j], one.order[i] })
	return one
}

func (r read) lines() []byte {
	var b strings.Builder
	for _, key := range r.order {
		fmt.Fprintf(&b, `{"type":"RECORD","record":{"stream":"table","emitted_at":1,"data":%s}}`+"\n", r.data(key))
	}
	b.WriteString(`{"type":"TRACE","trace":{"type":"STREAM_STATUS","emitted_at":1.7E12,"stream_status":{"stream_descriptor":{"name":"table"},"status":"COMPLETE"}}}` + "\n")
	b.WriteString(`{"type":"STATE","state":{"type":"STREAM","stream":{"stream_descriptor":{"name":"table"},"stream_state":{}}}}` + "\n")
	return []byte(b.String())
}

func (r read) data(key string) string { return fmt.Sprintf(`{"id":%q,"value":%d}`, key, r.rows[key]) }

func (r read) catalog() any {
	s := stream{name: "table", keyed: true}.configured()
	s["sync_mode"], s["destination_sync_mode"] = "full_refresh", "append"
	s["generation_id"], s["minimum_generation_id"], s["sync_id"] = r.generation, r.generation, r.generation
	return map[string]any{"streams": []any{s}}
}

// audience is an endpoint's copy of the table: what remains of it once it has done what it was
// told.
type audience struct {
	mu   sync.Mutex
	rows map[string]string
	bad  map[string]bool // keys that had a row which is refused: a removal that carries such a row is refused as well
}

// Write applies the rows that the endpoint accepts.
func (a *audience) Write(rows []byte) (int, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for lines := bufio.NewScanner(bytes.NewReader(rows)); lines.Scan(); {
		var row struct {
			Operation string
			Key       string `json:"primary_key"`
			Data      json.RawMessage
		}
		if err := json.Unmarshal(lines.Bytes(), &row); err != nil {
			return 0, err
		}
		if row.Operation == "removed" {
			delete(a.rows, row.Key)
		} else {
			a.rows[row.Key] = string(row.Data)
		}
	}
	return len(rows), nil
}

// compare looks for rows that the copy lacks and, after the only sync of a generation, for those
// that it has too many: what any sync of a generation has seen has not left.
func (a *audience) compare(r read, only bool) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	for key, value := range r.rows {
		if value != bad && a.rows[key] != r.data(key) {
			return fmt.Errorf("%s is %q at the endpoint and %s at the source", key, a.rows[key], r.data(key))
		}
	}
	for key := range a.rows {
		if _, known := r.rows[key]; !known && only && !a.bad[key] {
			return fmt.Errorf("%s has left the source and is still at the endpoint", key)
		}
	}
	return nil
}

// read notes what the source is about to send.
func (a *audience) read(r read) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for key, value := range r.rows {
		a.bad[key] = a.bad[key] || value == bad
	}
}

// snapshot is the config of a plan's snapshot.
func (h host) snapshot(plan *table) map[string]any {
	c := map[string]any{"type": "local", "path": "snapshot"}
	if h.bucket != nil {
		c = maps.Clone(h.bucket)
		c["type"], c["prefix"] = "s3", fmt.Sprintf("%d/", plan.seed)
	}
	c["keep_rows"] = plan.keepRows
	return c
}

// mirror makes the syncs of a table, and compares the endpoint's copy with it after each that came
// to its end.
func (h host) mirror(ctx context.Context, plan *table) (t toll, err error) {
	copied := &audience{rows: make(map[string]string), bad: make(map[string]bool)}
	options := plan.settings.receiver()
	options.Rows = copied
	endpoint, err := receiver.Listen(ctx, "127.0.0.1:0", options)
	if err != nil {
		return t, err
	}
	defer func() { _ = endpoint.Close() }()
	config := plan.settings.config(endpoint.URL())
	config["snapshot"] = h.snapshot(plan)
	plan.routes.add(config, endpoint.URL())
	config["allow_mass_removal"], config["max_removed_percent"] = plan.allow, 100
	random, generation := rand.New(rand.NewPCG(plan.seed, 1)), 0 // of the sync before
	for _, r := range plan.reads {
		if err := errors.Join(h.write("config.json", config), h.write("catalog.json", r.catalog())); err != nil {
			return t, err
		}
		copied.read(r)
		one := process{host: h, input: r.lines(), end: r.end, endpoint: endpoint, random: random, line: func([]byte) error { return nil }}
		finished, err := one.live(ctx)
		t.Processes++
		t.count(finished, r.end, 0)
		if finished && err == nil {
			err = copied.compare(r, r.generation != generation)
		}
		generation = r.generation
		if err != nil {
			return t, fmt.Errorf("sync %d of %v: %w", t.Processes, plan, err)
		}
	}
	t.Requests, t.Repeated = endpoint.Totals().Requests, endpoint.Totals().Duplicates
	return t, nil
}
