package sender

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"destination-webhook/destination/delivery"
)

// FuzzVerdict: whatever an endpoint answers, each row of the request is accepted, refused or
// repeated, once; a row is refused only where encoding/json finds a list named rejected; and what
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
		err := ship.delivered(t.Context(), []int{0, 1, 2, 3}, response, "msg", true)
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
