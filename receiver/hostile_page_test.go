package receiver_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"destination-webhook/receiver"
)

// get returns what the page answers, decoded.
func get[T any](t *testing.T, r *receiver.Receiver, path string) (content T, size int) {
	t.Helper()
	body := text(t, ask(r, "GET", "/_/"+path, "localhost", ""))
	if err := json.Unmarshal([]byte(body), &content); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return content, len(body)
}

// keyedRow is a row of one key with fields of 500 bytes.
func keyedRow(key, fields int) string {
	var row strings.Builder
	for i := range fields {
		fmt.Fprintf(&row, `"f%d":"%s",`, i, strings.Repeat("x", 500))
	}
	return fmt.Sprintf(`{"primary_key":"%d","operation":"added","data":{%s"id":%d}}`, key, row.String(), key)
}

// A text that is nested deeply grows by the square of its depth when line breaks are put in.
func TestIndentedBodiesAreBounded(t *testing.T) {
	r := receiver.New(receiver.Options{})
	const deep = 4900
	row := `{"data":{"a":` + strings.Repeat("[", deep) + strings.Repeat(`"]\"[",`, 2000) + "0" + strings.Repeat("]", deep) + `}}`
	post(t, r, upsert(row))
	post(t, r, upsert(keyed("1", "added", "[]", "1")))
	if shown := text(t, ask(r, "GET", "/_/requests/1/body?format=indented", "localhost", "")); shown != upsert(row) {
		t.Errorf("%d bytes", len(shown))
	}
	if shown := text(t, ask(r, "GET", "/_/requests/2/body?format=indented", "localhost", "")); !strings.Contains(shown, "\n  \"rows\": [\n    {\n") {
		t.Errorf("a small one is shown as %s", shown)
	}
}

func TestAValueInFullIsBounded(t *testing.T) {
	r := receiver.New(receiver.Options{})
	post(t, r, upsert(`{"data":{"a":"`+strings.Repeat("x", 5<<20)+`"}}`))
	shown := text(t, ask(r, "GET", "/_/requests/1/rows/0?field=a", "localhost", ""))
	if len(shown) != 4<<20+len("…") {
		t.Errorf("%d bytes", len(shown))
	}
}

// The history of a key ends where its newest rows take too much, and says how many are left out.
func TestHistoryIsBounded(t *testing.T) {
	r := receiver.New(receiver.Options{})
	for range 3 {
		post(t, r, upsert(strings.Repeat(keyedRow(1, 99)+",", 100)+keyedRow(1, 99)), "Airbyte-Stream", "users")
	}
	h, size := get[struct {
		Versions []struct{ Request, Index int }
		Left     int
	}](t, r, "api/history?stream=users&key=1")
	shown := len(h.Versions)
	if size > 2<<20 || shown == 0 || shown+h.Left != 303 || h.Versions[shown-1] != struct{ Request, Index int }{3, 100} {
		t.Errorf("%d bytes, %d of %d versions", size, shown, h.Left)
	}
}

// A table has so many keys and no more, and says so.
func TestTableIsBounded(t *testing.T) {
	r := receiver.New(receiver.Options{})
	rows := make([]string, 50_001)
	for part := range 2 {
		for i := range rows {
			rows[i] = keyedRow(part*len(rows)+i, 0)
		}
		post(t, r, upsert(rows...), "Airbyte-Stream", "users")
	}
	post(t, r, upsert(`{"primary_key":"5","operation":"changed","data":{"id":"new"}}`), "Airbyte-Stream", "users")
	got, _ := get[struct {
		Total         int
		Cut, Complete bool
		Shown         []struct{ Cells []struct{ Text string } } `json:"rows_shown"`
	}](t, r, "api/table?stream=users&from=5")
	if got.Total != 100_000 || !got.Cut || !got.Complete || got.Shown[0].Cells[0].Text != "new" {
		t.Errorf("%d rows, cut: %v, then %+v", got.Total, got.Cut, got.Shown[0])
	}
}

// Two rows of many fields are compared as far as that is worth its memory, and the page says how
// far.
func TestDifferencesAreBounded(t *testing.T) {
	r := receiver.New(receiver.Options{})
	row := func(fields int, value string) string {
		var row strings.Builder
		for i := range fields {
			fmt.Fprintf(&row, `"f%d":%s,`, i, value)
		}
		return `{"data":{` + row.String() + `"end":0}}`
	}
	type difference struct{ What, Left string }
	for _, tt := range []struct {
		left, right string
		list        int
		last        difference
	}{
		{row(400, "1"), row(400, "2"), 400, difference{"row 0 f399", "1"}},
		{row(600, "1"), row(600, "2"), 501, difference{What: "the first 500 differences: others are not shown"}},
		{row(20_000, "1"), row(20_001, "1"), 1, difference{"row 0", "more than 10000 fields: others are not compared"}},
		{row(9_000, "1"), row(20_000, "1"), 1, difference{"row 0", "more than 10000 fields: others are not compared"}},
	} {
		r.Reset()
		post(t, r, upsert(tt.left))
		post(t, r, upsert(tt.right))
		first := r.Requests()[0].ID
		got, _ := get[[]difference](t, r, fmt.Sprintf("requests/%d/diff/%d", first, first+1))
		if n := len(got); n != tt.list || got[n-1] != tt.last {
			t.Errorf("%d differences, want %d; the last is %+v", n, tt.list, got[n-1])
		}
	}
}

// pieces is an answer that notes its largest piece.
type pieces struct {
	httptest.ResponseRecorder
	largest int
}

func (p *pieces) Write(b []byte) (int, error) {
	p.largest = max(p.largest, len(b))
	return p.ResponseRecorder.Write(b)
}

// An export has every byte of what is kept, but never a body in memory a second time. An HTTP
// archive, which browsers read as a whole, has the beginning of large ones.
func TestExportsAreWrittenInPieces(t *testing.T) {
	r := receiver.New(receiver.Options{})
	bodies := []string{strings.Repeat("ü\x01", 3<<20), strings.Repeat("€", 1<<20), "", strings.Repeat("\x80", 1<<20)}
	for _, body := range bodies {
		post(t, r, body)
	}
	bodies[3] = strings.Repeat("\ufffd", 1<<20) // JSON is UTF-8
	for format, largest := range map[string]int{"json": 1 << 20, "ndjson": 1 << 20, "har": 32 << 20} {
		p := &pieces{ResponseRecorder: *httptest.NewRecorder()}
		req := httptest.NewRequest(http.MethodGet, "http://localhost/_/api/requests?format="+format, nil)
		r.ServeHTTP(p, req)
		if p.largest > largest {
			t.Errorf("%s: a piece of %d bytes", format, p.largest)
		}
		for i, body := range exportedBodies(t, format, p.Body.String()) {
			want := bodies[i]
			if format == "har" {
				want = strings.ToValidUTF8(want[:min(len(want), 4<<20)], "") // whole characters
			}
			if body != want {
				t.Errorf("%s: body %d has %d bytes, want %d", format, i, len(body), len(want))
			}
		}
	}
}

// exportedBodies reads what TestExportsAreWrittenInPieces asks for.
func exportedBodies(t *testing.T, format, export string) (bodies []string) {
	t.Helper()
	var list []struct{ Body string }
	var archive struct {
		Log struct {
			Entries []struct {
				Request struct {
					PostData struct{ Text, Comment string }
				}
			}
		}
	}
	var err error
	switch format {
	case "har":
		err = json.Unmarshal([]byte(export), &archive)
		if comment := archive.Log.Entries[0].Request.PostData.Comment; comment != "the first 4 MiB" {
			t.Errorf("the first is commented by %q", comment)
		}
		for _, e := range archive.Log.Entries {
			bodies = append(bodies, e.Request.PostData.Text)
		}
	case "ndjson":
		export = "[" + strings.ReplaceAll(strings.TrimSpace(export), "\n", ",") + "]"
		fallthrough
	default:
		err = json.Unmarshal([]byte(export), &list)
		for _, q := range list {
			bodies = append(bodies, q.Body)
		}
	}
	if err != nil || len(bodies) != 4 {
		t.Fatalf("%s: %d bodies, %v", format, len(bodies), err)
	}
	return bodies
}

// The operation of a form is one of ours, or none.
func TestOperationOfAForm(t *testing.T) {
	r := receiver.New(receiver.Options{})
	for _, operation := range []string{"removed", strings.Repeat("x", 100_000)} {
		post(t, r, "data=%7B%7D&operation="+operation, "Content-Type", "application/x-www-form-urlencoded")
	}
	rows := r.Accepted()
	if len(rows) != 2 || rows[0].Operation != "removed" || rows[1].Operation != "" {
		t.Errorf("%d rows, with %.20q", len(rows), rows)
	}
}
