package audience

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"destination-webhook/batching"
	"destination-webhook/destination/config"
	"destination-webhook/destination/failure"
	"destination-webhook/destination/payload"
	"destination-webhook/destination/route"
	"destination-webhook/destination/snapshot"
	"destination-webhook/protocol"
)

func routeOf(mode config.SyncMode) *route.Route {
	return &route.Route{
		Stream:     protocol.StreamDescriptor{Name: "users"},
		Configured: &protocol.ConfiguredStream{SyncMode: protocol.FullRefresh},
		Mode:       mode, Key: [][]string{{"id"}},
	}
}

// open opens the audience of a stream in the snapshot of a folder.
func open(t *testing.T, dir string, r *route.Route) (a *Audience, closed func()) {
	t.Helper()
	store, err := snapshot.Open(t.Context(), dir, snapshot.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if a, err = Open(t.Context(), store, r, func(text string, args ...any) { t.Error(text, args) }); err != nil {
		t.Fatal(err)
	}
	return a, func() {
		if err := store.Close(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	}
}

// deliver makes one batch of records and confirms it, except for the rejected rows. It returns the
// operations of the rows that were sent.
func deliver(t *testing.T, a *Audience, rejected []int, records ...string) (sent []payload.Operation) {
	t.Helper()
	send := func(ctx context.Context, b *batching.Batch) batching.Outcome {
		confirmation, err := a.Begin(ctx, b)
		if err != nil {
			return batching.Outcome{Err: err}
		}
		for i := range b.Rows() {
			if !slices.Contains(b.Suppressed(), i) {
				sent = append(sent, payload.ReadRow(b, i).Operation)
			}
		}
		return batching.Outcome{Rejected: rejected, Err: confirmation.Confirm(rejected, b.Suppressed())}
	}
	transfer(t, a, send, records...)
	return sent
}

// transfer sends records as one batch.
func transfer(t *testing.T, a *Audience, send batching.Send, records ...string) {
	t.Helper()
	p := batching.New(t.Context(), batching.Options{MaxRows: 99, MaxBytes: 1 << 20, MaxBuffered: 1 << 20, MaxAge: time.Hour, MaxInFlight: 1}, send, nil)
	defer p.Close()
	e := payload.NewEncoder(a.route, payload.Options{Differ: a})
	stream := p.Stream(payload.Frame(a.route, false), true)
	for _, data := range records {
		row, err := e.Encode(&protocol.Record{Data: []byte(data)})
		if err != nil {
			t.Fatal(err)
		}
		if row != nil {
			p.Add(stream, row, time.Time{})
		}
	}
	for p.Flush(); p.InFlight() > 0; {
		p.Settle(<-p.Results())
	}
	if p.Err() != nil {
		t.Fatal(p.Err())
	}
}

// What was confirmed is not sent again, what was rejected is.
func TestConfirmedRowsAreNotSentAgain(t *testing.T) {
	dir, r := t.TempDir(), routeOf(config.Mirror)
	for _, sync := range []struct {
		records  []string
		rejected []int
		want     []payload.Operation
	}{
		{[]string{`{"id":1}`, `{"id":2}`}, []int{1}, []payload.Operation{payload.Added, payload.Added}},
		{[]string{`{"id":1}`, `{"id":2}`}, nil, []payload.Operation{payload.Added}},
		{[]string{`{"id":1,"v":1}`, `{"id":2}`}, nil, []payload.Operation{payload.Changed}},
		{[]string{`{"id":1,"v":1}`, `{"id":2,"_ab_cdc_deleted_at":1}`}, nil, []payload.Operation{payload.Removed}},
	} {
		a, closed := open(t, dir, r)
		if diff := cmp.Diff(sync.want, deliver(t, a, sync.rejected, sync.records...)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", sync.records, diff)
		}
		a.Finish(Policy{}, Status{})
		closed()
	}
}

// What an incremental sync has seen does not count for a later refresh of its generation.
func TestRefreshAfterAnIncrementalSync(t *testing.T) {
	dir, r := t.TempDir(), routeOf(config.Mirror)
	r.Configured.SyncMode = protocol.Incremental
	a, closed := open(t, dir, r)
	deliver(t, a, nil, `{"id":1}`, `{"id":2}`)
	a.Finish(Policy{}, Status{})
	closed()

	r.Configured.SyncMode = protocol.FullRefresh
	a, closed = open(t, dir, r)
	defer closed()
	deliver(t, a, nil, `{"id":1}`)
	found, kept, err := a.CountUnseen(Policy{}, Status{Complete: true})
	if !found || a.Unseen() != 1 || kept != "" || err != nil {
		t.Errorf("found = %v, unseen = %d, kept = %q, err = %v; row 2 has left", found, a.Unseen(), kept, err)
	}
}

// A mode that does not send a change confirms it in its place, unless an earlier row of the key was
// rejected.
func TestSuppressedRowsAreConfirmed(t *testing.T) {
	for name, test := range map[string]struct {
		rejected []int
		want     []payload.Operation // of the next sync
	}{
		"accepted": {nil, nil},
		"rejected": {[]int{0}, []payload.Operation{payload.Added}},
	} {
		t.Run(name, func(t *testing.T) {
			dir, r := t.TempDir(), routeOf(config.Add)
			a, closed := open(t, dir, r)
			if got := deliver(t, a, test.rejected, `{"id":1,"v":1}`, `{"id":1,"v":2}`); len(got) != 1 {
				t.Errorf("%s were sent, want one row", got)
			}
			closed()
			a, closed = open(t, dir, r)
			defer closed()
			if diff := cmp.Diff(test.want, deliver(t, a, nil, `{"id":1,"v":2}`)); diff != "" {
				t.Errorf("then (-want +got):\n%s", diff)
			}
		})
	}
}

// A suppressed row counts by the last row of its key that was sent before it: neither by one that
// follows it, nor by one whose repetition was accepted.
func TestSuppressedRowsFollowTheLastRowThatWasSent(t *testing.T) {
	const present, left = `{"id":1}`, `{"id":1,"_ab_cdc_deleted_at":1}`
	for name, accepted := range map[string][]string{
		"a removal after it is rejected":                    nil,
		"a removal before it is rejected and then accepted": {left, present},
	} {
		t.Run(name, func(t *testing.T) {
			dir, r := t.TempDir(), routeOf(config.Remove)
			a, closed := open(t, dir, r)
			deliver(t, a, []int{1}, present, left)
			deliver(t, a, nil, accepted...)
			closed()
			a, closed = open(t, dir, r)
			defer closed()
			if diff := cmp.Diff([]payload.Operation{payload.Removed}, deliver(t, a, nil, left)); diff != "" {
				t.Errorf("then (-want +got):\n%s", diff)
			}
		})
	}
}

// The guard is about the share of rows that left and about their number, and about modes that send
// removals.
func TestRefusal(t *testing.T) {
	for name, test := range map[string]struct {
		mode    config.SyncMode
		refresh refresh
		policy  Policy
		want    string
	}{
		"few":              {config.Mirror, refresh{left: 100, before: 110}, Policy{MaxRemovedPercent: 30}, ""},
		"a small share":    {config.Mirror, refresh{left: 300, before: 1000}, Policy{MaxRemovedPercent: 30}, ""},
		"a large share":    {config.Mirror, refresh{left: 301, before: 1000}, Policy{MaxRemovedPercent: 30}, "301 of 1000 rows"},
		"all of them":      {config.Mirror, refresh{left: 3, before: 3, everything: true}, Policy{MaxRemovedPercent: 100}, "all of its 3 rows"},
		"allowed":          {config.Mirror, refresh{left: 3, before: 3, everything: true}, Policy{AllowMassRemoval: true}, ""},
		"not sent":         {config.Upsert, refresh{left: 3, before: 3, everything: true}, Policy{}, ""},
		"nothing has left": {config.Mirror, refresh{before: 3}, Policy{}, ""},
	} {
		err := (&Audience{route: routeOf(test.mode), refresh: test.refresh}).Refusal(test.policy)
		kind, _ := failure.TypeOf(err)
		if text := fmt.Sprint(err); (err == nil) != (test.want == "") || err != nil && (kind != protocol.ConfigError || !strings.Contains(text, test.want)) {
			t.Errorf("%s: got %v, of type %q; want %q", name, err, kind, test.want)
		}
	}
}

// A dead letter knows what the endpoint had of its key, so that a replay can tell whether something
// newer was delivered.
func TestDeliveredSince(t *testing.T) {
	a, closed := open(t, t.TempDir(), routeOf(config.Mirror))
	defer closed()
	key := payload.Key{Sent: []byte(`"1"`)}
	check := func(when string, before []byte, since, known bool) {
		t.Helper()
		s, k, err := a.DeliveredSince(key, before)
		if err != nil || s != since || k != known {
			t.Errorf("%s: since %t, known %t, %v; want %t, %t", when, s, k, err, since, known)
		}
	}
	// reject sends rows of the key in one batch, of which the last one is refused, and returns what
	// its dead letter says.
	reject := func(rows ...string) (before []byte) {
		t.Helper()
		last := len(rows) - 1
		send := func(ctx context.Context, b *batching.Batch) batching.Outcome {
			c, err := a.Begin(ctx, b)
			if err != nil {
				return batching.Outcome{Err: err}
			}
			if before, err = c.Before(last, func(row int) bool { return row == last }); err != nil {
				return batching.Outcome{Err: err}
			}
			return batching.Outcome{Rejected: []int{last}, Err: c.Confirm([]int{last}, nil)}
		}
		transfer(t, a, send, rows...)
		return before
	}
	check("of a letter that does not say, before there is a row", nil, false, true)
	first := reject(`{"id":1,"v":0}`)
	check("nothing was delivered", first, false, true)
	second := reject(`{"id":1,"v":1}`, `{"id":1,"v":2}`)
	check("the row before it in its batch was delivered", second, false, true)
	check("so it was since the first letter", first, true, true)
	check("of a letter that does not say", nil, false, false)
	deliver(t, a, nil, `{"id":1,"v":3}`)
	check("a newer row was delivered", second, true, true)
}
