package receiver_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// traceEvent is one event of a trace of the browser; times are microseconds.
type traceEvent struct {
	Name     string
	Phase    string `json:"ph"`
	Process  int    `json:"pid"`
	Thread   int    `json:"tid"`
	Start    int64  `json:"ts"`
	Duration int64  `json:"dur"`
	CPU      int64  `json:"tdur"` // what the thread itself ran
	Args     struct{ Name string }
}

// trace returns the events of the browser while f runs.
func (c *chromium) trace(f func()) []traceEvent {
	c.t.Helper()
	c.mu.Lock()
	c.traced, c.traceEnded = nil, make(chan struct{})
	c.mu.Unlock()
	c.must("Tracing.start", map[string]any{"transferMode": "ReportEvents", "traceConfig": map[string]any{
		"includedCategories": []string{"devtools.timeline", "toplevel"},
	}}, nil)
	f()
	c.must("Tracing.end", nil, nil)
	<-c.traceEnded
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.traced
}

// noteTrace keeps what the browser reports of a trace.
func (c *chromium) noteTrace(method string, params []byte) {
	if method == "Tracing.tracingComplete" {
		close(c.traceEnded)
		return
	}
	var p struct{ Value []traceEvent }
	_ = json.Unmarshal(params, &p)
	c.traced = append(c.traced, p.Value...)
}

// tasksOf says how long the tasks of the page's main thread took, and what the longest one did.
func tasksOf(events []traceEvent) string {
	type thread struct{ process, id int }
	busy := map[thread]int64{}
	main := map[thread]bool{}
	for _, e := range events {
		at := thread{e.Process, e.Thread}
		if e.Name == "thread_name" && e.Args.Name == "CrRendererMain" {
			main[at] = true
		}
		if e.Name == "RunTask" || e.Name == "ThreadControllerImpl::RunTask" {
			busy[at] += e.Duration
		}
	}
	var page thread
	for at := range main {
		if busy[at] >= busy[page] {
			page = at
		}
	}
	var longest traceEvent
	var total int64
	for _, e := range events {
		if (thread{e.Process, e.Thread}) == page && (e.Name == "RunTask" || e.Name == "ThreadControllerImpl::RunTask") {
			total += e.Duration
			if e.Duration > longest.Duration {
				longest = e
			}
		}
	}
	parts := map[string]int64{}
	for _, e := range events {
		inside := e.Start >= longest.Start && e.Start+e.Duration <= longest.Start+longest.Duration
		if (thread{e.Process, e.Thread}) == page && inside && e.Duration >= 500 && e.Name != longest.Name {
			parts[e.Name] += e.Duration
		}
	}
	var words []string
	for _, name := range slices.SortedFunc(maps.Keys(parts), func(a, b string) int { return cmp.Compare(parts[b], parts[a]) }) {
		words = append(words, fmt.Sprintf("%s %.1f", name, float64(parts[name])/1000))
	}
	return fmt.Sprintf("main thread: %d ms in all, longest task %.1f ms, %.1f ms without waits for a core (%s)",
		total/1000, float64(longest.Duration)/1000, float64(longest.CPU)/1000, strings.Join(words, ", "))
}
