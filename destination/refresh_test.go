package destination

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"destination-webhook/receiver"
)

const (
	incompleted = `{"type":"TRACE","trace":{"type":"STREAM_STATUS","emitted_at":1.7E12,"stream_status":{"stream_descriptor":{"name":"users"},"status":"INCOMPLETE"}}}`
	running     = `{"type":"TRACE","trace":{"type":"STREAM_STATUS","emitted_at":1.7E12,"stream_status":{"stream_descriptor":{"name":"users"},"status":"RUNNING"}}}`
)

// generationOf is the catalog of a sync mode whose generation is the least to keep.
func generationOf(mode string, generation int) string {
	return fmt.Sprintf(`{"streams":[{"stream":{"name":"users","json_schema":{}},"sync_mode":%q,"destination_sync_mode":"append","primary_key":[["id"]],"generation_id":%d,"minimum_generation_id":%[2]d,"sync_id":%[2]d}]}`,
		mode, generation)
}

func removedID(id int) string {
	return envelope("mirror", fmt.Sprintf(`{"data":{"id":%d},"operation":"removed","primary_key":"%[1]d"}`, id))
}

// A refresh whose last attempt reads nothing new removes what none of its attempts has seen, and is
// not taken for an empty source.
func TestResumedRefreshRemoves(t *testing.T) {
	r := newRig(t)
	rows := numbered(50)
	r.catalog = generationOf("full_refresh", 5)
	if _, err := r.sync("", table(rows...)...); err != nil {
		t.Fatal(err)
	}
	r.catalog = generationOf("full_refresh", 6)
	r.endpoint.SetFaults(receiver.Faults{Status: 500})
	if _, err := r.sync("", table(rows[:49]...)...); err == nil {
		t.Fatal("the removal was refused, and the sync went well")
	}
	r.endpoint.SetFaults(receiver.Faults{})
	r.want("", []string{completed}, removedID(49))
}

// PyAirbyte gives every sync generation 1, and says COMPLETE.
func TestEverySyncInOneGeneration(t *testing.T) {
	r := newRig(t)
	r.catalog = generationOf("full_refresh", 1)
	rows := []string{`{"id":1}`, `{"id":2}`, `{"id":3}`}
	if _, err := r.sync("", table(rows...)...); err != nil {
		t.Fatal(err)
	}
	r.want("", table(rows[:2]...), removedID(3))
	r.want("", table(rows[:1]...), removedID(2))
	r.want("", []string{completed}) // it may be another attempt as well, so nothing is removed
	r.want("", table(`{"id":2}`), envelope("mirror", `{"data":{"id":2},"operation":"added","primary_key":"2"}`), removedID(1))
}

// What an incremental sync does not see has left only if its generation replaces another one.
func TestIncrementalStreamsReplaceOnceInAGeneration(t *testing.T) {
	r := newRig(t)
	for _, sync := range []struct {
		generation int
		input      []string
		removes    string
		warns      bool // that rows may have left
	}{
		{1, table(`{"id":1}`, `{"id":2}`, `{"id":3}`)[:3], "", false},
		{1, table(`{"id":1}`), "", false},
		{2, table(`{"id":1}`)[:1], "", true},
		{2, table(`{"id":2}`), removedID(3), false},
		{2, table(`{"id":1}`)[:1], "", false},
	} {
		r.catalog = generationOf("incremental", sync.generation)
		p, config, catalog, out := r.program(`,"sync_mode":"mirror"`, sync.input...)
		before := len(r.endpoint.Requests())
		if err := p.Write(t.Context(), config, catalog); err != nil {
			t.Fatal(err)
		}
		var removes string
		for _, request := range r.endpoint.Requests()[before:] {
			if strings.Contains(string(request.Body), "removed") {
				removes += string(request.Body)
			}
		}
		if warns := strings.Contains(out.String(), "rows that left are not removed"); removes != sync.removes || warns != sync.warns {
			t.Errorf("of %+v came %q, a warning: %v", sync, removes, warns)
		}
	}
}

// A source that sent only rows that are new is not empty, even if no row stays.
func TestWholeTableIsReplaced(t *testing.T) {
	r := newRig(t)
	r.want("", firstTable, envelope("mirror", adaAdded, benAdded, chloéAdded))
	r.want("", table(`{"id":4,"name":"Dmitri","plan":"free"}`), envelope("mirror", dmitriAdded),
		envelope("mirror", strings.ReplaceAll(strings.Join([]string{adaAdded, benAdded, chloéAdded}, ","), `"added"`, `"removed"`)))
}

// What the source says last of a stream counts.
func TestStatusOfTheStream(t *testing.T) {
	for name, test := range map[string]struct {
		options  string
		statuses []string
		removes  bool
	}{
		"nothing":                     {"", nil, false},
		"nothing, and none needed":    {`,"removals_without_complete":true`, nil, true},
		"complete":                    {"", []string{completed}, true},
		"incomplete":                  {"", []string{incompleted}, false},
		"incomplete, and none needed": {`,"removals_without_complete":true`, []string{incompleted}, false},
		"complete, then incomplete":   {"", []string{completed, incompleted}, false},
		"incomplete, then complete":   {"", []string{incompleted, completed}, true},
		"complete, then running":      {"", []string{completed, running}, true},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			if _, err := r.sync("", table(`{"id":1}`, `{"id":2}`)...); err != nil {
				t.Fatal(err)
			}
			p, config, catalog, out := r.program(test.options, append([]string{user(`{"id":1}`)}, test.statuses...)...)
			if err := p.Write(t.Context(), config, catalog); err != nil {
				t.Fatal(err)
			}
			warned := strings.Contains(out.String(), `rows that left are not removed stream=users reason=\"the source `)
			if removes := len(r.endpoint.Requests()) == 2; removes != test.removes || warned == removes {
				t.Errorf("removes %v, warns %v; want to do the one and not the other: %v", removes, warned, test.removes)
			}
		})
	}
}

// A row that goes to and fro is another event each time; the same event has its name again until a
// sync ends well.
func TestWebhookIDOfEqualChanges(t *testing.T) {
	r := newRig(t)
	row := func(v int) []string { return table(fmt.Sprintf(`{"id":1,"v":%d}`, v)) }
	for _, v := range []int{0, 1, 0, 1} {
		if _, err := r.sync("", row(v)...); err != nil {
			t.Fatal(err)
		}
	}
	ids := make(map[string]bool)
	for _, request := range r.endpoint.Requests() {
		ids[request.WebhookID] = true
	}
	if len(ids) != 4 || r.endpoint.Totals().Duplicates > 0 {
		t.Errorf("four events have the names %v", ids)
	}
	r.endpoint.SetFaults(receiver.Faults{Status: 500})
	if _, err := r.sync("", row(2)...); err == nil {
		t.Fatal("the sync went well under 500")
	}
	r.endpoint.SetFaults(receiver.Faults{})
	if _, err := r.sync("", row(2)...); err != nil {
		t.Fatal(err)
	}
	requests := r.endpoint.Requests()
	if failed, again := requests[4].WebhookID, requests[5].WebhookID; failed != again || ids[again] {
		t.Errorf("a failed sync named its request %s and the next one %s", failed, again)
	}
}

func TestInsertBetweenTwoMirrors(t *testing.T) {
	r := newRig(t)
	warnings := func(mode string, v int) (warned bool) {
		p, config, catalog, out := r.program(fmt.Sprintf(`,"sync_mode":%q`, mode), table(fmt.Sprintf(`{"id":1,"v":%d}`, v))...)
		if err := p.Write(context.Background(), config, catalog); err != nil {
			t.Fatal(err)
		}
		return strings.Contains(out.String(), "does not update the snapshot") || strings.Contains(out.String(), "were sent in sync mode insert")
	}
	for i, sync := range []struct {
		mode  string
		v     int
		warns bool
	}{{"insert", 1, false}, {"mirror", 5, false}, {"insert", 7, true}, {"mirror", 5, true}, {"mirror", 5, false}} {
		if warns := warnings(sync.mode, sync.v); warns != sync.warns {
			t.Errorf("sync %d, %s, warns: %v", i, sync.mode, warns)
		}
	}
}

// The endpoint goes on with the order of the key's fields that it got first.
func TestKeyFieldsInAnotherOrder(t *testing.T) {
	r := newRig(t)
	for i, key := range []string{`[["id"],["part"]]`, `[["part"],["id"]]`} {
		r.catalog = strings.Replace(usersRefresh, `[["id"]]`, key, 1)
		bodies, err := r.sync("", table(`{"id":1,"part":2}`, fmt.Sprintf(`{"id":3,"part":4,"v":%d}`, i))...)
		if err != nil || len(bodies) != 1 || !strings.Contains(bodies[0], `"primary_key":["3","4"]`) || strings.Contains(bodies[0], `["1","2"]`) != (i == 0) {
			t.Errorf("with the key %s: %s, %v", key, bodies, err)
		}
	}
}
