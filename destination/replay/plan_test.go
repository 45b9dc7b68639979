package replay

import (
	"context"
	"fmt"
	"io"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"destination-webhook/destination/deadletter"
	"destination-webhook/destination/payload"
	"destination-webhook/destination/route"
	"destination-webhook/protocol"
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// memory is an archive in memory.
type memory struct {
	names []string
	lines map[string][]string
	inUse string
}

func (m *memory) Names(context.Context) ([]string, error) { return m.names, nil }

func (m *memory) Read(_ context.Context, name string, f func(line []byte) error) error {
	if name == m.inUse {
		return fmt.Errorf("reading %s: %w", name, deadletter.ErrInUse)
	}
	for _, line := range m.lines[name] {
		if err := f([]byte(line)); err != nil {
			return err
		}
	}
	return nil
}

func (m *memory) MoveDone(_ context.Context, name string, done func(line int) bool) error {
	n := -1
	m.lines[name] = slices.DeleteFunc(m.lines[name], func(string) bool { n++; return done(n) })
	return nil
}

func (m *memory) Close() error { return nil }

// file adds a file with a line for each rejected record.
func (m *memory) file(name string, lines ...string) {
	m.names = append(m.names, name)
	if m.lines == nil {
		m.lines = make(map[string][]string)
	}
	m.lines[name] = lines
}

// letter returns the line of a record that was rejected some hours after noon.
func letter(stream, data string, status, hours int) string {
	r := deadletter.Record{Data: []byte(data), Status: status, Reason: "no", At: noon.Add(time.Duration(hours) * time.Hour), Before: []byte{7}}
	r.Stream.Name = stream
	line := r.Append(nil)
	return string(line[:len(line)-1])
}

func keyed(name string) *route.Route {
	return &route.Route{Stream: protocol.StreamDescriptor{Name: name}, Key: [][]string{{"id"}}}
}

// play sends what f selects and moves it; it returns the data that was sent and what is left.
func play(t *testing.T, m *memory, f Filter, streams ...Stream) (plan *Plan, sent, left []string) {
	t.Helper()
	plan, err := New(t.Context(), m, f, streams)
	if err != nil {
		t.Fatal(err)
	}
	in := plan.Input(t.Context())
	text, err := io.ReadAll(in)
	if err != nil {
		t.Fatal(err)
	}
	for line := range slices.Values(lines(text)) {
		sent = append(sent, data(t, line))
	}
	if err := plan.MoveDone(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, name := range m.names {
		for _, line := range m.lines[name] {
			left = append(left, data(t, line))
		}
	}
	return plan, sent, left
}

func lines(text []byte) (all []string) {
	for len(text) > 0 {
		i := slices.Index(text, '\n')
		all, text = append(all, string(text[:i])), text[i+1:]
	}
	return all
}

func data(t *testing.T, line string) string {
	t.Helper()
	l, err := deadletter.Parse([]byte(line))
	if err != nil {
		return line
	}
	return string(l.Data)
}

func TestNewestOfAKeyIsSent(t *testing.T) {
	m := &memory{}
	m.file("1", letter("users", `{"id":1,"v":1}`, 422, 0), letter("users", `{"id":2,"v":1}`, 422, 0))
	m.file("2", letter("users", `{"id":1.0,"v":2}`, 422, 1), letter("events", `{"id":1}`, 422, 1), letter("events", `{"id":1}`, 422, 1))
	events := keyed("events")
	events.Key = nil
	plan, sent, left := play(t, m, Filter{}, Stream{Route: keyed("users")}, Stream{Route: events})
	if diff := cmp.Diff([]string{`{"id":2,"v":1}`, `{"id":1.0,"v":2}`, `{"id":1}`, `{"id":1}`}, sent); diff != "" {
		t.Error(diff)
	}
	if len(left) > 0 || plan.Counts != (Counts{Sent: 4, Replaced: 1}) {
		t.Errorf("left %v, counts %+v", left, plan.Counts)
	}
}

// An older row of a key is not sent if a newer one is there, even if that one is not selected.
func TestOlderRowIsNotSentForANewerOne(t *testing.T) {
	m := &memory{}
	m.file("1", letter("users", `{"id":1,"v":1}`, 422, 0), letter("users", `{"id":1,"v":2}`, 400, 1))
	_, sent, left := play(t, m, Filter{Status: 422}, Stream{Route: keyed("users")})
	if len(sent) > 0 || !slices.Equal(left, []string{`{"id":1,"v":2}`}) {
		t.Errorf("sent %v, left %v", sent, left)
	}
}

func TestFilters(t *testing.T) {
	for _, test := range []struct {
		name   string
		filter Filter
		want   []string
	}{
		{"all", Filter{}, []string{"1", "2", "3", "4"}},
		{"stream", Filter{Stream: "b"}, []string{"3"}},
		{"status", Filter{Status: 400}, []string{"2"}},
		{"never sent", Filter{Status: NeverSent}, []string{"4"}},
		{"since", Filter{Since: noon.Add(2 * time.Hour)}, []string{"3", "4"}},
		{"key", Filter{Key: "2"}, []string{"2"}},
	} {
		m := &memory{}
		m.file("1", letter("a", `{"id":1}`, 422, 0), letter("a", `{"id":2}`, 400, 1), letter("b", `{"id":3}`, 422, 2), letter("a", `{"id":4}`, 0, 3))
		_, sent, left := play(t, m, test.filter, Stream{Route: keyed("a")}, Stream{Route: keyed("b")})
		var ids []string
		for _, row := range sent {
			ids = append(ids, row[6:7])
		}
		if diff := cmp.Diff(test.want, ids); diff != "" || len(sent)+len(left) != 4 {
			t.Errorf("%s: %s, %d left", test.name, diff, len(left))
		}
	}
}

func TestWhatWasDeliveredSinceIsLeftOut(t *testing.T) {
	m := &memory{}
	m.file("1", letter("users", `{"id":1}`, 422, 0), letter("users", `{"id":2}`, 422, 0), letter("users", `{"id":3}`, 422, 0))
	users := Stream{Route: keyed("users"), DeliveredSince: func(key payload.Key, before []byte) (since, known bool, err error) {
		if !slices.Equal(before, []byte{7}) {
			t.Errorf("asked with %v", before)
		}
		return string(key.Sent) == `"1"`, string(key.Sent) != `"2"`, nil
	}}
	plan, sent, left := play(t, m, Filter{}, users)
	if !slices.Equal(sent, []string{`{"id":3}`}) || !slices.Equal(left, []string{`{"id":2}`}) {
		t.Errorf("sent %v, left %v", sent, left)
	}
	if plan.Counts != (Counts{Sent: 1, Delivered: 1, Unclear: 1}) {
		t.Errorf("counts %+v", plan.Counts)
	}
}

// What cannot be sent stays, and is counted.
func TestWhatCannotBeSentStays(t *testing.T) {
	m := &memory{inUse: "2"}
	m.file("1", "nonsense", letter("gone", `{"id":1}`, 422, 0))
	m.file("2", letter("users", `{"id":1}`, 422, 0))
	plan, sent, left := play(t, m, Filter{}, Stream{Route: keyed("users")})
	if len(sent) > 0 || len(left) != 3 || plan.Counts != (Counts{Unknown: 1, Unreadable: 1, InUse: 1}) {
		t.Errorf("sent %v, left %v, counts %+v", sent, left, plan.Counts)
	}
}
