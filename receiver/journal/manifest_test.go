package journal

import (
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"testing"
)

// ofRun is a request of the run r1.
func ofRun(body string) *Request {
	return &Request{Method: http.MethodPost, Run: "r1", Body: []byte(body), Header: http.Header{}}
}

// superseding is a manifest of r1 with this many superseded names.
func superseding(name string, number int) string {
	names := strings.TrimSuffix(strings.Repeat(`"`+name+`",`, number), ",")
	return `{"type":"manifest","run":"r1","sync_id":7,"superseded":[` + names + `]}`
}

func TestManifestsAreBounded(t *testing.T) {
	for _, test := range []struct {
		name    string
		number  int
		problem error
	}{
		{"", maxSuperseded, nil},
		{"", maxSuperseded + 1, errTooManySuperseded},
		{strings.Repeat("x", maxManifest/2), 1, nil},
		{strings.Repeat("x", maxManifest), 1, errManifestTooLarge},
	} {
		q := ofRun(superseding(test.name, test.number))
		q.Parse(nil)
		switch {
		case test.problem == nil && (q.Problem != "" || q.Manifest == nil || q.SyncID != 7 || len(q.Manifest.Superseded) != test.number):
			t.Errorf("%d names of %d bytes: problem %q, manifest %.100v", test.number, len(test.name), q.Problem, q.Manifest)
		case test.problem != nil && (q.Manifest != nil || !strings.Contains(q.Problem, test.problem.Error())):
			t.Errorf("%d names of %d bytes: problem %q, want %q", test.number, len(test.name), q.Problem, test.problem)
		}
	}
}

// What is kept of a manifest counts as what is kept of a body does.
func TestManifestsCountForTheirMemory(t *testing.T) {
	q := ofRun(superseding("", maxSuperseded))
	q.Parse(nil)
	if least := int64(cap(q.Body) + 16*maxSuperseded); q.size() < least {
		t.Errorf("it counts for %d bytes, and takes %d", q.size(), least)
	}
	q = ofRun(`{"type":"manifest","run":"r1","digest":"` + strings.Repeat("x", 1<<20) + `"}`)
	q.Parse(nil)
	if q.size() < 2<<20 {
		t.Errorf("a digest of 1 MiB and its body count for %d bytes", q.size())
	}
}

// A body that is nearly a manifest is read as what else it may be.
func TestManifestsAreOfTheirRun(t *testing.T) {
	for body, rows := range map[string]int{
		`{"type":"manifest","run":"r2","id":1}`:                                           1,
		`{"type":"manifest","id":1}`:                                                      1,
		`{"id":1,"type":"batch","run":"r1"}`:                                              1,
		`{"sync_mode":"insert","rows":[{"data":{}}],"type":"manifest","run":"r1"}`:        1,
		`[{"type":"manifest","run":"r1"},{"type":"manifest","run":"r1"}]`:                 2,
		`{"sync_mode":"insert","run":"r1","type":"manifest","superseded":[],"batches":0}`: 0,
	} {
		q := ofRun(body)
		if got := q.Parse(nil); len(got) != rows || q.Problem != "" || (q.Manifest != nil) != (rows == 0) {
			t.Errorf("%s: %d rows, problem %q, manifest %v", body, len(got), q.Problem, q.Manifest)
		}
	}
}

// Whatever a body is made of, what is read of it takes memory for the rows and names that it may
// have, and not for the number of its parts.
func TestDecodingIsBounded(t *testing.T) {
	const size = 8 << 20
	fill := func(begin, part, end string) string {
		return begin + strings.Repeat(part, size/len(part)) + end
	}
	var members strings.Builder
	for i := range size / 12 {
		fmt.Fprintf(&members, `"%07x":0,`, i)
	}
	object := `{` + members.String() + `"z":0}`
	for name, body := range map[string]string{
		"superseded":            fill(`{"type":"manifest","run":"r1","superseded":[`, `"",`, `""]}`),
		"superseded of a batch": fill(`{"sync_mode":"insert","rows":[],"superseded":[`, `"",`, `""],"type":"manifest","run":"r1"}`),
		"unknown list":          fill(`{"type":"manifest","run":"r1","other":[`, `"",`, `""]}`),
		"members":               object,
		"members below":         `{"a":` + object + `}`,
		"a row of members":      `[` + object + `]`,
		"lists of objects":      fill(`{"a":[`, `{},`, `{}]}`),
		"rows":                  fill(`[`, `0,`, `0]`),
		"full rows":             fill(`{"sync_mode":"insert","rows":[`, `{"data":{}},`, `{"data":{}}]}`),
	} {
		q := ofRun(body)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		q.Parse(nil)
		runtime.ReadMemStats(&after)
		const rows = 5 * maxRows * 144 // the slice of the rows, and the smaller ones before it
		if taken := after.TotalAlloc - before.TotalAlloc; taken > rows+2*size {
			t.Errorf("%s: %d bytes were taken for %d, problem %q", name, taken, len(body), q.Problem)
		}
	}
}
