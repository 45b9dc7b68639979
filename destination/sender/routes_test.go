package sender

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"destination-webhook/batching"
	"destination-webhook/destination/config"
	"destination-webhook/destination/config/configtest"
	"destination-webhook/destination/deadletter"
	"destination-webhook/destination/delivery"
	"destination-webhook/destination/payload"
	"destination-webhook/destination/route"
	"destination-webhook/protocol"
)

// routeOf returns the route of stream users, mirrored by its field id, for the members of a config.
func routeOf(t testing.TB, members string) *route.Route {
	t.Helper()
	catalog, err := protocol.ParseCatalog([]byte(`{"streams":[{"stream":{"name":"users"},"sync_mode":"full_refresh","destination_sync_mode":"overwrite","primary_key":[["id"]]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	table, err := route.NewTable(configtest.Parse(t, `,"snapshot":{"type":"local","path":"/snapshot"}`+members), catalog, "agent")
	if err != nil {
		t.Fatal(err)
	}
	return table[0]
}

// byField is a Differ that finds the operation in the field op of what is sent of a row.
type byField struct{}

var operationField = regexp.MustCompile(`"op":"([a-z]+)"`)

func (byField) See(payload.Key) error { return nil }

func (byField) Diff(key payload.Key, content payload.Content, _ bool, version []byte) (payload.Change, error) {
	found := operationField.FindSubmatch(content.Data)
	if found == nil {
		return payload.Change{}, fmt.Errorf("no operation in %s", content.Data)
	}
	return payload.Change{Operation: payload.Operation(found[1]), Version: version, Key: key.Sent}, nil
}

// resource is an endpoint with a URL for each row, as a REST API has it. It takes a while for each
// request, and fails now and then before or after it has done what it was asked.
type resource struct {
	t        *testing.T
	payload  config.Payload
	mu       sync.Mutex
	random   *rand.Rand
	rows     map[string]int // by id, the number of the row that it has
	lost     map[string]bool
	requests int
	inFlight int
	most     int
}

func (a *resource) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	a.mu.Lock()
	a.requests++
	a.inFlight++
	a.most = max(a.most, a.inFlight)
	before, after := a.random.Int64N(int64(time.Second)), a.random.Int64N(int64(time.Second))
	failing := a.random.IntN(8)
	a.mu.Unlock()
	time.Sleep(time.Duration(before))
	status := http.StatusServiceUnavailable
	if failing != 0 {
		status = a.do(r, body)
	}
	time.Sleep(time.Duration(after))
	a.mu.Lock()
	defer a.mu.Unlock()
	a.inFlight--
	if failing == 1 {
		status = http.StatusBadGateway // the answer is lost
		a.lost[r.Method+" "+r.URL.Path] = true
	}
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: http.NoBody, Request: r}, nil
}

// do does what a request asks for; what it asks for again, after a lost answer, may be done.
func (a *resource) do(r *http.Request, body []byte) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	var rows []historic
	if r.Method != http.MethodDelete {
		rows = a.read(body)
	}
	again := a.lost[r.Method+" "+r.URL.Path]
	delete(a.lost, r.Method+" "+r.URL.Path)
	id := strings.TrimPrefix(r.URL.Path, "/users/")
	_, found := a.rows[id]
	switch r.Method {
	case http.MethodPost:
		for _, row := range rows {
			if have, found := a.rows[row.ID]; row.Op != "added" || found && have != row.N {
				a.t.Errorf("POST of row %d as %s: the endpoint has row %d of %s", row.N, row.Op, have, row.ID)
			}
			a.rows[row.ID] = row.N
		}
		return http.StatusCreated
	case http.MethodPatch:
		if len(rows) != 1 || rows[0].ID != id || rows[0].Op != "changed" || !found || rows[0].N < a.rows[id] {
			a.t.Errorf("PATCH %s with %s: the endpoint has row %d (%v)", r.URL, body, a.rows[id], found)
			return http.StatusBadRequest
		}
		a.rows[id] = rows[0].N
		return http.StatusOK
	}
	if len(body) > 0 || r.Header.Get("Content-Type") != "" {
		a.t.Errorf("DELETE %s has a body %q of type %q", r.URL, body, r.Header.Get("Content-Type"))
	}
	if delete(a.rows, id); !found && !again {
		a.t.Errorf("DELETE %s: the endpoint has no such row", r.URL)
	}
	if !found {
		return http.StatusNotFound
	}
	return http.StatusNoContent
}

// historic is the data of a row in a history.
type historic struct {
	ID string
	N  int
	Op string
}

// read returns the rows in a body.
func (a *resource) read(body []byte) (rows []historic) {
	all, err := dataIn(body, a.payload)
	for _, data := range all {
		var row historic
		err = errors.Join(err, json.Unmarshal(data, &row))
		rows = append(rows, row)
	}
	if err != nil {
		a.t.Errorf("the body %q: %v", body, err)
	}
	return rows
}

// history returns rows, each one possible after those before it, and what the endpoint has at the
// end.
func history(r *rand.Rand, n, keys int) (rows []string, want map[string]int) {
	want = make(map[string]int)
	for i := range n {
		id := fmt.Sprint("k", r.IntN(keys))
		operation := "added"
		if _, found := want[id]; found {
			operation = []string{"changed", "removed"}[r.IntN(2)]
		}
		if want[id] = i; operation == "removed" {
			delete(want, id)
		}
		rows = append(rows, fmt.Sprintf(`{"id":%q,"n":%d,"op":%q}`, id, i, operation))
	}
	return rows, want
}

// Rows of one key never overtake each other across routes, with many requests in flight, random
// latency, retries and lost answers, in every format; whether every URL names the row or only some
// do.
func TestOrderAcrossRoutes(t *testing.T) {
	const byKey = `"url":"https://api.example.com/users/{primary_key}"`
	for name, added := range map[string]string{"each row alone": byKey, "added rows together": `"url":"https://api.example.com/users"`} {
		for seed := range uint64(2 * len(payloads)) {
			p := payloads[seed%uint64(len(payloads))]
			synctest.Test(t, func(t *testing.T) {
				r := routeOf(t, `,"operations":{"added":{`+added+`},"changed":{"method":"PATCH",`+byKey+`},"removed":{"method":"DELETE",`+byKey+`}}`+members(t, p))
				random := rand.New(rand.NewPCG(seed, 1))
				rows, want := history(random, 200, 2+int(seed))
				api := &resource{t: t, payload: p, random: random, rows: map[string]int{}, lost: map[string]bool{}}
				if err := sendRows(t, r, api, nil, 16, rows); err != nil {
					t.Fatalf("%s, %+v, seed %d: %v", name, p, seed, err)
				}
				if diff := gocmp.Diff(want, api.rows); diff != "" {
					t.Errorf("%s, %+v, seed %d: the endpoint's table (-want +got):\n%s", name, p, seed, diff)
				}
				if api.most < 2 {
					t.Errorf("%s, %+v, seed %d: %d requests were in flight together", name, p, seed, api.most)
				}
			})
		}
	}
}

// members returns a payload as members of a config.
func members(t *testing.T, p config.Payload) string {
	t.Helper()
	set := map[string]any{}
	for name, value := range map[string]string{"format": string(cmp.Or(p.Format, config.Envelope)), "row": string(p.Row), "wrapper": p.Wrapper, "transform": p.Transform} {
		if value != "" {
			set[name] = value
		}
	}
	text, err := json.Marshal(map[string]any{"payload": set})
	if err != nil {
		t.Fatal(err)
	}
	return "," + string(text[1:len(text)-1])
}

// sendRows sends the rows of a route through a pipeline to a transport, and returns its error.
func sendRows(t *testing.T, r *route.Route, transport http.RoundTripper, box deadletter.Store, inFlight int, rows []string) error {
	t.Helper()
	retry := delivery.RetryOptions{MaxAttempts: 50, InitialInterval: time.Millisecond, MaxInterval: time.Second}
	s := New(Options{
		Client:      delivery.New(delivery.Options{Transport: transport, Retry: retry, Sign: signed}),
		DeadLetters: box, Redact: func(s string) string { return s }, Warn: func(string, ...any) {}, Observer: nobody{},
	}).Stream(r, nil, "job 1")
	p := batching.New(t.Context(), batching.Options{MaxRows: 10, MaxBytes: 1 << 20, MaxBuffered: 1 << 24, MaxAge: time.Hour, MaxInFlight: inFlight, Partitions: inFlight}, s.Send, nil)
	defer p.Close()
	stream := p.Stream(payload.Frame(r, false), true)
	if r.SingleRows() {
		stream.MaxRows = 1
	}
	encoder := payload.NewEncoder(r, payload.Options{Differ: byField{}, DeadLetters: true})
	settle := func(busy func() bool) {
		for p.Err() == nil && busy() {
			p.Settle(<-p.Results())
		}
	}
	for _, data := range rows {
		row, err := encoder.Encode(&protocol.Record{Data: []byte(data), EmittedAt: []byte("17")})
		if err != nil {
			t.Fatal(err)
		}
		settle(p.Full)
		p.Add(stream, row, time.Now())
	}
	p.Flush()
	settle(func() bool { return p.InFlight() > 0 })
	return p.Err()
}

// calls is an endpoint that notes what it is asked, and answers by status, 200 if it is 0.
type calls struct {
	list   []string // method, URL without the host, and the ids in the body
	header []http.Header
	status func(r *http.Request) int
}

func (c *calls) RoundTrip(r *http.Request) (*http.Response, error) {
	body, _ := io.ReadAll(r.Body)
	var envelope struct {
		Rows []struct{ Data struct{ ID json.RawMessage } }
	}
	_ = json.Unmarshal(body, &envelope) // a request may have no body
	call := r.Method + " " + r.URL.RequestURI()
	for _, row := range envelope.Rows {
		call += " " + string(row.Data.ID)
	}
	c.list, c.header = append(c.list, call), append(c.header, r.Header)
	status := http.StatusOK
	if c.status != nil {
		status = c.status(r)
	}
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: http.NoBody, Request: r}, nil
}

const restOperations = `,"operations":{"changed":{"method":"PATCH","url":"https://h/u/{primary_key}"},"removed":{"method":"DELETE","url":"https://h/u/{primary_key}"}}`

// A batch is parted where the route changes, in the order of its rows.
func TestBatchIsPartedWhereTheRouteChanges(t *testing.T) {
	rows := []string{
		`{"id":1,"op":"added"}`, `{"id":2,"op":"added"}`, `{"id":1,"op":"changed"}`, `{"id":3,"op":"added"}`, `{"id":1,"op":"removed"}`, `{"id":2,"op":"removed"}`, `{"id":1,"op":"added"}`,
	}
	c := &calls{}
	if err := sendRows(t, routeOf(t, restOperations), c, nil, 1, rows); err != nil {
		t.Fatal(err)
	}
	want := []string{"POST /hook 1 2", "PATCH /u/1 1", "POST /hook 3", "DELETE /u/1", "DELETE /u/2", "POST /hook 1"}
	if diff := gocmp.Diff(want, c.list); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
	names := map[string]bool{}
	for _, h := range c.header {
		names[h.Get("Webhook-Id")] = true
	}
	if len(names) != len(want) {
		t.Errorf("%d names for %d requests", len(names), len(want))
	}
}

// A row that no URL can be made for is rejected with the reason, and not sent; the others are.
func TestRowsWithoutAURLAreRejected(t *testing.T) {
	rows := []string{
		`{"id":1,"city":"Ulm","op":"changed"}`, `{"id":2,"city":"..","op":"changed"}`, `{"id":3,"city":{"a":"hunter2"},"op":"changed"}`,
		`{"id":4,"op":"changed"}`, `{"id":5,"city":"a/b ü","op":"changed"}`,
	}
	c, box := &calls{}, &letterBox{}
	r := routeOf(t, `,"operations":{"changed":{"method":"PUT","url":"https://h/{data.city}/{stream}/{primary_key}"}}`)
	if err := sendRows(t, r, c, box, 1, rows); err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff([]string{"PUT /Ulm/users/1 1", "PUT /a%2Fb%20%C3%BC/users/5 5"}, c.list); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
	reasons := map[string]int{}
	for _, line := range box.lines {
		r := rejectionOf(t, line)
		reasons[r.Reason] += 1 + r.Status
	}
	want := map[string]int{}
	for _, problem := range []string{"is . or .., which leads to another path", "is an object or a list", "has no value"} {
		want["no URL can be made for it: {data.city} "+problem] = 1
	}
	if diff := gocmp.Diff(want, reasons); diff != "" {
		t.Errorf("reasons (-want +got):\n%s", diff)
	}
	err := sendRows(t, r, &calls{}, nil, 1, rows[1:2])
	if err == nil || !strings.Contains(err.Error(), "the row with primary key 2 was refused") || !strings.Contains(err.Error(), "no URL can be made for it") {
		t.Errorf("error %v, want one that names the row and the variable", err)
	}
}

// That a row to be removed is not there is what its removal is for; any other 404 is a wrong URL.
func TestRemovalOfARowThatIsGone(t *testing.T) {
	tests := map[string]struct {
		operations string
		operation  string
		status     int
		done       bool
	}{
		"404 of the row":              {restOperations, "removed", 404, true},
		"410 of the row":              {restOperations, "removed", 410, true},
		"405 of the row":              {restOperations, "removed", 405, false},
		"404 of a row that changed":   {restOperations, "changed", 404, false},
		"404 of a URL for all rows":   {`,"operations":{"removed":{"method":"DELETE","url":"https://h/removed"}}`, "removed", 404, false},
		"404 of the stream's URL":     {`,"operations":{"removed":{"method":"DELETE","url":"https://h/{stream}"}}`, "removed", 404, false},
		"404 of a PUT of a removal":   {`,"operations":{"removed":{"method":"PUT","url":"https://h/u/{primary_key}"}}`, "removed", 404, true},
		"410 where all have one URL":  {"", "removed", 410, false},
		"404 that the user has named": {restOperations + `,"answers":{"statuses":[{"status":"404","meaning":"stop"}]}`, "removed", 404, false},
	}
	for name, test := range tests {
		c := &calls{status: func(*http.Request) int { return test.status }}
		err := sendRows(t, routeOf(t, test.operations), c, nil, 1, []string{fmt.Sprintf(`{"id":1,"op":%q}`, test.operation)})
		if (err == nil) != test.done {
			t.Errorf("%s: error %v, want done %v", name, err, test.done)
		}
	}
}

// The headers of a stream are on its requests, and only a request with a body has a type.
func TestHeadersOfARequest(t *testing.T) {
	c := &calls{}
	r := routeOf(t, restOperations+`,"headers":[{"name":"X-Tenant","value":"a"},{"name":"X-Other","value":"b"}],"streams":[{"stream":"users","headers":[{"name":"x-tenant","value":"c"}]}]`)
	if err := sendRows(t, r, c, nil, 1, []string{`{"id":1,"op":"added"}`, `{"id":1,"op":"removed"}`}); err != nil {
		t.Fatal(err)
	}
	for i, contentType := range []string{"application/json", ""} {
		h := c.header[i]
		if h.Get("Content-Type") != contentType || !slices.Equal(h.Values("X-Tenant"), []string{"c"}) || h.Get("X-Other") != "b" || h.Get("Airbyte-Stream") != "users" {
			t.Errorf("%s has the headers %v", c.list[i], slices.Sorted(maps.Keys(h)))
		}
	}
}

// Rows are read for their route only if there is more than one.
func TestOneRouteForAllRows(t *testing.T) {
	for members, want := range map[string]bool{
		"":             true,
		restOperations: false,
		`,"operations":{"removed":{"method":"POST"}}`:                true,
		`,"operations":{"removed":{"method":"DELETE"}}`:              false,
		`,"streams":[{"stream":"users","url":"https://h/{stream}"}]`: true,
	} {
		r := routeOf(t, members)
		if r.Uniform() != want || r.Mode != config.Mirror {
			t.Errorf("%s: one route %v, mode %s", members, r.Uniform(), r.Mode)
		}
	}
}
