package sender

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"destination-webhook/destination/delivery"
	"destination-webhook/protocol"
)

// FuzzVerdict: whatever an endpoint answers, each row of the request is accepted, refused or
// repeated, once; a row is refused only if encoding/json finds a list named rejected; and what
// is cut is no success if it could hold one.
func FuzzVerdict(f *testing.F) {
	for _, seed := range []string{
		``, `ok`, `{}`, `[]`, `null`, `{"rejected":null}`, `{"rejected":[]}`, `{"rejected":[{"index":2,"reason":"odd"}]}`,
		`{"rejected":[{"primary_key":"1"},{"primary_key":"\u0031","retry":true}]}`, `{"rejected":[{"index":-1},{"index":9e9}]}`,
		`{"rejected":[{"index":1e0}]}`, `{"rejected":[{"index":0}],"rejected":[{"index":1}]}`, `{"Rejected":[{"index":0}]}`,
		`{"rejected":[{"primary_key":["1","2"]},{"primary_key":null},{"primary_key":1}]}`, "{\"rejected\":[{\"index\":3,\"reason\":\"\xff\u202e\"}]}",
		`{"rejected":[{"index":0}]} tail`, ` {"rejected":[{"index":`, `{"rejected":[{"index":1,"retry":true},{"index":1}]}`,
	} {
		f.Add([]byte(seed), false)
		f.Add([]byte(seed), true)
	}
	const rows = 4
	f.Fuzz(func(t *testing.T, body []byte, truncated bool) {
		e := &endpoint{answer: func([]int, int) (int, string) { return 200, "" }}
		s, b := senderOf(t, rows, func(id int) int { return id % 2 }, e, &letterBox{})
		ship := &batchSend{stream: s, batch: b}
		response := &delivery.Response{Status: 200, Body: body, Truncated: truncated}
		err := ship.delivered(t.Context(), Part{Rows: []int{0, 1, 2, 3}, To: &s.route.Endpoint, URL: s.route.URL}, response, "msg")
		accepted, refused := int(s.accepted.Load()), len(ship.rejected)
		if truncated && strings.HasPrefix(strings.TrimLeft(string(body), " \t\r\n"), "{") {
			if err == nil || accepted+refused+len(e.requests) > 0 {
				t.Errorf("%q, which goes on, is taken for success", body)
			}
			return
		}
		if err != nil { // it could reject rows and cannot be read
			if accepted+refused+len(e.requests) > 0 {
				t.Errorf("%q is no success, and %d rows are accepted", body, accepted)
			}
			return
		}
		if accepted+refused != rows {
			t.Errorf("%q: %d rows accepted, %d refused, want %d in all", body, accepted, refused, rows)
		}
		slices.SortFunc(ship.rejected, func(a, b rejection) int { return a.row - b.row })
		for i, r := range ship.rejected {
			if i > 0 && r.row == ship.rejected[i-1].row {
				t.Errorf("%q: row %d is refused twice", body, r.row)
			}
		}
		var list struct {
			Rejected []any `json:"rejected"`
		}
		body = bytes.TrimPrefix(body, []byte("\ufeff"))
		if zipped := bytes.HasPrefix(body, []byte{0x1f, 0x8b}); refused > 0 && !zipped && (json.Unmarshal(body, &list) != nil || len(list.Rejected) == 0) {
			t.Errorf("%q refuses %d rows", body, refused)
		}
	})
}

func TestVerdict(t *testing.T) {
	for name, tt := range map[string]struct {
		bodies   []string // of the answers in turn, the last one for all later ones
		status   int
		rejected []int
		requests [][]int
	}{
		"by index":               {[]string{`{"rejected":[{"index":2,"reason":"odd"}]}`}, 200, []int{2}, [][]int{{0, 1, 2, 3}}},
		"207":                    {[]string{`{"rejected":[{"index":0}],"more":{}}`}, 207, []int{0}, [][]int{{0, 1, 2, 3}}},
		"by primary key":         {[]string{`{"rejected":[{"primary_key":"1"}]}`}, 200, []int{1, 3}, [][]int{{0, 1, 2, 3}}},
		"escaped primary key":    {[]string{`{"rejected":[{"primary_key":"\u0031"}]}`}, 200, []int{1, 3}, [][]int{{0, 1, 2, 3}}},
		"several":                {[]string{`{"rejected":[{"index":3},{"index":0}]}`}, 200, []int{0, 3}, [][]int{{0, 1, 2, 3}}},
		"retry":                  {[]string{`{"rejected":[{"index":2,"retry":true}]}`, ``}, 200, nil, [][]int{{0, 1, 2, 3}, {2}}},
		"retry keeps the order":  {[]string{`{"rejected":[{"index":1,"retry":true}]}`, ``}, 200, nil, [][]int{{0, 1, 2, 3}, {1, 3}}},
		"in upper case":          {[]string{`{"Rejected":[{"index":2}]}`}, 200, []int{2}, [][]int{{0, 1, 2, 3}}},
		"by a number as key":     {[]string{`{"rejected":[{"primary_key":1}]}`}, 200, []int{1, 3}, [][]int{{0, 1, 2, 3}}},
		"retry, once":            {[]string{`{"rejected":[{"index":2,"retry":true}]}`, `{"rejected":[{"index":0,"retry":true}]}`}, 200, []int{2}, [][]int{{0, 1, 2, 3}, {2}}},
		"retry of a follower":    {[]string{`{"rejected":[{"index":1,"retry":true}]}`, `{"rejected":[{"index":1,"retry":true}]}`, ``}, 200, nil, [][]int{{0, 1, 2, 3}, {1, 3}, {3}}},
		"retry of both, again":   {[]string{`{"rejected":[{"index":1,"retry":true}]}`, `{"rejected":[{"index":0,"retry":true},{"index":1,"retry":true}]}`, ``}, 200, []int{1}, [][]int{{0, 1, 2, 3}, {1, 3}, {3}}},
		"not JSON":               {[]string{`ok`}, 200, nil, [][]int{{0, 1, 2, 3}}},
		"more than 64 KiB":       {[]string{`{"rejected":[{"index":2,"reason":"` + strings.Repeat("x", 70<<10) + `"}]}`}, 200, []int{2}, [][]int{{0, 1, 2, 3}}},
		"a key, again and again": {[]string{`{"rejected":[{"primary_key":"1"}` + strings.Repeat(`,{"primary_key":"1"}`, 100) + `]}`}, 200, []int{1, 3}, [][]int{{0, 1, 2, 3}}},
		"endless, but no object": {[]string{"[" + strings.Repeat("0,", delivery.MaxObject)}, 200, nil, [][]int{{0, 1, 2, 3}}},
		"an empty list":          {[]string{`{"rejected":[]}`}, 200, nil, [][]int{{0, 1, 2, 3}}},
	} {
		t.Run(name, func(t *testing.T) {
			e, bodies := &endpoint{}, tt.bodies
			e.answer = func([]int, int) (int, string) {
				body := bodies[0]
				bodies = bodies[min(1, len(bodies)-1):]
				return tt.status, body
			}
			s, b := senderOf(t, 4, func(id int) int { return id % 2 }, e, &letterBox{})
			out := s.Send(t.Context(), b)
			if out.Err != nil {
				t.Fatal(out.Err)
			}
			if diff := cmp.Diff(tt.rejected, out.Rejected); diff != "" {
				t.Errorf("rejected: %s", diff)
			}
			if diff := cmp.Diff(tt.requests, e.requests); diff != "" {
				t.Errorf("requests: %s", diff)
			}
		})
	}
}

// An answer that could reject rows and cannot be read ends the sync: its rows must not count as
// delivered.
func TestUnclearVerdictsEndTheSync(t *testing.T) {
	for name, body := range map[string]string{
		"no list":               `{"rejected":2}`,
		"neither index nor key": `{"rejected":[{"id":2}]}`,
		"out of range":          `{"rejected":[{"index":4}]}`,
		"with a tail":           `{"rejected":[{"index":2}]} ok`,
		"another case":          `{"Rejected":[{"index":"2"}]}`,
	} {
		t.Run(name, func(t *testing.T) {
			e := &endpoint{answer: func([]int, int) (int, string) { return 200, body }}
			s, b := senderOf(t, 4, itself, e, &letterBox{})
			out := s.Send(t.Context(), b)
			if out.Err == nil || typeOf(out.Err) != protocol.ConfigError || !strings.Contains(out.Err.Error(), "its list of rejected rows cannot be read") {
				t.Errorf("got %v", out.Err)
			}
		})
	}
}

// A repeated row stays before what follows it of its key, with one request at a time as well, when
// the pipeline keeps no hashes of keys.
func TestRepeatedRowIsNotOvertaken(t *testing.T) {
	bodies := []string{`{"rejected":[{"index":0,"retry":true}]}`, ``}
	e := &endpoint{}
	e.answer = func([]int, int) (int, string) {
		body := bodies[0]
		bodies = bodies[1:]
		return 200, body
	}
	s, _ := senderOf(t, 1, itself, e, &letterBox{})
	err := sendOneAtATime(t, s, `{"id":0,"key":"a"}`, `{"id":1,"key":"b"}`, `{"id":2,"key":"a"}`)
	if diff := cmp.Diff([][]int{{0, 1, 2}, {0, 2}}, e.requests); diff != "" || err != nil {
		t.Errorf("%v: %s", err, diff)
	}
}

// An endpoint may remember the request in whose answer it asks for a row once more.
func TestRowThatIsAskedForOnceMoreHasAnotherName(t *testing.T) {
	e := &endpoint{}
	e.answer = func([]int, int) (int, string) {
		return 200, []string{"", `{"rejected":[{"index":0,"retry":true}]}`}[len(e.requests)%2]
	}
	s, b := senderOf(t, 1, itself, e, &letterBox{})
	if out := s.Send(t.Context(), b); out.Err != nil || len(e.names) != 2 || e.names[0] == e.names[1] || e.names[0] == "" {
		t.Errorf("the names %q, %v", e.names, out.Err)
	}
}

// A verdict that cannot be read to its end may reject rows: they do not count as delivered.
func TestVerdictBeyondTheLimitEndsTheSync(t *testing.T) {
	filler := strings.Repeat(" ", delivery.MaxObject)
	for name, body := range map[string]string{
		"within an entry":   `{"rejected":[{"index":2,"reason":"` + filler + `"}]}`,
		"before the member": ` {"taken":4,` + filler + `"rejected":[{"index":2}]}`,
		"never ending":      "\t{" + filler,
	} {
		t.Run(name, func(t *testing.T) {
			e := &endpoint{answer: func([]int, int) (int, string) { return 200, body }}
			s, b := senderOf(t, 4, itself, e, &letterBox{})
			out := s.Send(t.Context(), b)
			if out.Err == nil || typeOf(out.Err) != protocol.ConfigError || !strings.Contains(out.Err.Error(), "more than 4 MiB") {
				t.Errorf("got %v, want a config error that names the limit", out.Err)
			}
			if len(e.requests) != 1 || s.accepted.Load() != 0 {
				t.Errorf("%d requests, %d rows accepted, want one and none", len(e.requests), s.accepted.Load())
			}
		})
	}
}

// Rows that the same answer accepts count before those that it rejects, so that many rejections
// beside one success do not end the sync.
func TestVerdictMayRejectManyRowsBesideASuccess(t *testing.T) {
	var entries []string
	for i := range 2 * maxRejectsWithoutSuccess {
		entries = append(entries, fmt.Sprintf(`{"index":%d}`, i))
	}
	e := &endpoint{answer: func([]int, int) (int, string) { return 200, `{"rejected":[` + strings.Join(entries, ",") + `]}` }}
	s, b := senderOf(t, 2*maxRejectsWithoutSuccess+1, itself, e, &letterBox{})
	if out := s.Send(t.Context(), b); out.Err != nil || len(out.Rejected) != 2*maxRejectsWithoutSuccess {
		t.Errorf("%d rows rejected, %v, want %d", len(out.Rejected), out.Err, 2*maxRejectsWithoutSuccess)
	}
}
