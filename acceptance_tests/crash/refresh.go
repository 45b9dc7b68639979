package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"

	"destination-webhook/receiver"
)

// table is a plan for the other kinds of run: full refreshes of a table that changes between them,
// with a snapshot.
type table struct {
	seed     uint64
	settings settings
	mode     string // of the sync
	// What generation each read has; numbered if it is not 0, no generation if it is below 0.
	constant int
	keepRows bool
	allow    bool   // mass removals; else the limit is all rows
	routes   routes // of the rows
	payload  payload
	reads    []read // the last one lives, in a generation of its own
}

// read is one sync.
type read struct {
	rows       map[string]int    // value by key; the endpoint refuses those that are bad
	order      []string          // of keys, as the source reads them
	ids        map[string]string // by key, as the source writes them: equal numbers are one key
	generation int
	end        end
	stale      bool // every third row comes with another value before
}

func (t *table) String() string {
	text := fmt.Sprintf("mode %s with keep_rows %v, allow_mass_removal %v, routes %s, %v, constant generation %d and %+v; reads", t.mode, t.keepRows, t.allow, t.routes, t.payload, t.constant, t.settings)
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
	t := newTable(r, seed, "mirror")
	t.constant = pick(r, 0, 0, 0, 1, -1) // PyAirbyte's, and that of a catalog without generations
	t.draw(r, 2+r.IntN(5), func() int { return r.IntN(2) })
	return t
}

// drawAudience makes the plan of a seed whose table is read ten times, each time in a generation of
// its own.
func drawAudience(seed uint64) *table {
	r := rand.New(rand.NewPCG(seed, 0))
	t := newTable(r, seed, pick(r, "mirror", "upsert", "add", "remove"))
	const generations = 10
	t.draw(r, generations-1, func() int { return 1 })
	return t
}

func newTable(r *rand.Rand, seed uint64, mode string) *table {
	t := &table{seed: seed, mode: mode, routes: drawRoutes(seed), settings: drawSettings(r), keepRows: r.IntN(2) == 0, allow: r.IntN(2) == 0}
	t.settings.compact = drawCompact(seed)
	t.payload = drawPayload(seed/5, shown)
	if t.routes != oneRoute { // a removed row has a route of its own, which shows what it is
		t.payload = drawPayload(seed/5, len(payloads))
	}
	t.settings.faults.MaxBytes = drawMaxBytes(seed)
	t.settings.faults.RejectField, t.settings.faults.RejectValue = "value", fmt.Sprint(bad)
	t.settings.faults.RejectRows = r.IntN(2) == 0
	return t
}

// draw makes reads of a changing table; next is how many generations later each one is than the one
// before.
func (t *table) draw(r *rand.Rand, reads int, next func() int) {
	rows, keys, generation := map[string]int{}, 20+r.IntN(200), 1
	numbers := r.IntN(2) == 0
	for range reads {
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
		t.reads = append(t.reads, readOf(r, rows, numbers, generation, drawEnd(r, keys)))
		generation += next()
	}
	t.reads = append(t.reads, readOf(r, rows, numbers, generation+1, end{}))
	for i := range t.reads {
		t.reads[i].stale = t.settings.compact
	}
}

func readOf(r *rand.Rand, rows map[string]int, numbers bool, generation int, death end) read {
	one := read{rows: maps.Clone(rows), order: slices.Sorted(maps.Keys(rows)), ids: make(map[string]string), generation: generation, end: death}
	for _, key := range one.order {
		one.ids[key] = fmt.Sprintf("%q", key)
		if numbers {
			one.ids[key] = strings.TrimPrefix(key, "key ") + pick(r, "", ".0", "e0")
		}
	}
	r.Shuffle(len(one.order), func(i, j int) { one.order[i], one.order[j] = one.order[j], one.order[i] })
	return one
}

func (r read) lines() []byte {
	var b strings.Builder
	for i, key := range r.order {
		if r.stale && i%3 == 0 {
			fmt.Fprintf(&b, `{"type":"RECORD","record":{"stream":"table","emitted_at":1,"data":{"id":%s,"value":%d}}}`+"\n", r.ids[key], 1+r.rows[key]%2)
		}
		fmt.Fprintf(&b, `{"type":"RECORD","record":{"stream":"table","emitted_at":1,"data":%s}}`+"\n", r.data(key))
	}
	b.WriteString(`{"type":"TRACE","trace":{"type":"STREAM_STATUS","emitted_at":1.7E12,"stream_status":{"stream_descriptor":{"name":"table"},"status":"COMPLETE"}}}` + "\n")
	b.WriteString(`{"type":"STATE","state":{"type":"STREAM","stream":{"stream_descriptor":{"name":"table"},"stream_state":{}}}}` + "\n")
	return []byte(b.String())
}

func (r read) data(key string) string {
	return fmt.Sprintf(`{"id":%s,"value":%d}`, r.ids[key], r.rows[key])
}

// catalog is the configured catalog of a read.
func (t *table) catalog(r read) any {
	s := stream{name: "table", keyed: true}.configured()
	s["sync_mode"], s["destination_sync_mode"] = "full_refresh", "append"
	generation := r.generation
	if t.constant != 0 {
		generation = t.constant
	}
	if generation > 0 {
		s["generation_id"], s["minimum_generation_id"], s["sync_id"] = generation, generation, generation
	}
	return map[string]any{"streams": []any{s}}
}

// snapshot is the config of a plan's snapshot.
func (h host) snapshot(plan *table) map[string]any {
	c := map[string]any{"type": "local", "path": "snapshot"}
	if h.place != nil {
		c = maps.Clone(h.place)
		if c["type"] == "s3" {
			c["prefix"] = fmt.Sprintf("%d/", plan.seed)
		} else {
			c["table_prefix"] = fmt.Sprintf("run_%d_", plan.seed)
		}
	}
	c["keep_rows"] = plan.keepRows
	return c
}

// refresh makes the syncs of a table, and compares what the endpoint has with it after each that
// came to its end: an endpoint that applies all that it is told, and one that drops every request
// whose Webhook-Id it has seen.
func (h host) refresh(ctx context.Context, plan *table) (t toll, err error) {
	applying, obeying := newAudience(plan.mode), newAudience(plan.mode)
	options := plan.settings.receiver()
	options.Rows = applying
	endpoint, err := receiver.Listen(ctx, "127.0.0.1:0", options)
	if err != nil {
		return t, err
	}
	defer func() { _ = endpoint.Close() }()
	config := plan.settings.config(endpoint.URL())
	config["snapshot"], config["sync_mode"] = h.snapshot(plan), plan.mode
	plan.routes.add(config, endpoint.URL())
	config["payload"] = plan.payload
	config["allow_mass_removal"], config["max_removed_percent"] = plan.allow, 100
	random := rand.New(rand.NewPCG(plan.seed, 1))
	before := read{}       // the sync before
	ended, seen := true, 0 // it ended well; requests so far
	for _, r := range plan.reads {
		if err := errors.Join(h.write("config.json", config), h.write("catalog.json", plan.catalog(r))); err != nil {
			return t, err
		}
		applying.read(r)
		obeying.read(r)
		one := process{host: h, input: r.lines(), end: r.end, endpoint: endpoint, random: random, line: func([]byte) error { return nil }}
		finished, err := one.live(ctx)
		t.Processes++
		t.count(finished, r.end, 0)
		requests := endpoint.Requests()
		err = errors.Join(err, obeying.obey(requests[seen:]))
		only := r.generation != before.generation && plan.constant == 0 || plan.constant != 0 && ended
		if finished && err == nil {
			err = errors.Join(applying.compare(r, only), obeying.compare(r, only))
		}
		before, ended, seen = r, finished, len(requests)
		if err != nil {
			return t, fmt.Errorf("sync %d of %v: %w", t.Processes, plan, err)
		}
	}
	t.Requests, t.Repeated = endpoint.Totals().Requests, endpoint.Totals().Duplicates
	return t, nil
}
