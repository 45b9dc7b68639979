package engine

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"destination-webhook/batching"
	"destination-webhook/destination/config"
	"destination-webhook/destination/route"
	"destination-webhook/protocol"
)

// deliveredBy runs a sync of an input with large batches and returns what was delivered, stdout,
// the warnings and the error.
func deliveredBy(t *testing.T, input string, names ...protocol.StreamDescriptor) (bodies, stdout, warnings string, err error) {
	t.Helper()
	defer goleak.VerifyNone(t)
	var mu sync.Mutex
	var out bytes.Buffer
	var streams []*Stream
	for _, name := range names {
		streams = append(streams, &Stream{Route: &route.Route{Stream: name, Mode: config.Insert}, Send: func(_ context.Context, b *batching.Batch) batching.Outcome {
			mu.Lock()
			defer mu.Unlock()
			bodies += string(b.Body)
			return batching.Outcome{}
		}})
	}
	o := Options{
		Batching: batching.Options{MaxRows: 100, MaxBytes: 1 << 20, MaxAge: 1 << 40, MaxBuffered: 64 << 20, MaxInFlight: 2},
		Warn:     func(text string, args ...any) { warnings += fmt.Sprintln(append([]any{text}, args...)...) }, Observer: nobody{},
	}
	err = New(t.Context(), streams, o, protocol.NewWriter(&out)).Run(t.Context(), strings.NewReader(input), func() {})
	return bodies, out.String(), warnings, err
}

var users = protocol.StreamDescriptor{Name: "users"}

// A line that ends the sync does not take the rows before it along: they are delivered and their
// states come out, and what follows it is not looked at.
func TestRowsBeforeABrokenLineAreDelivered(t *testing.T) {
	for name, line := range map[string]string{
		"invalid JSON":      `{"type":`,
		"an unknown stream": strings.ReplaceAll(strings.TrimSpace(userRecord), "users", "strangers"),
		"NaN":               strings.ReplaceAll(strings.TrimSpace(userRecord), `"id":1`, `"id":NaN`),
	} {
		input := userRecord + userState + userRecord + line + "\n" + userRecord + userState
		bodies, stdout, _, err := deliveredBy(t, input, users)
		if err == nil || !strings.Contains(err.Error(), "line 4") {
			t.Errorf("%s: error %v, want that of line 4", name, err)
		}
		if n := strings.Count(bodies, `"id":1`); n != 2 || stdout != userDone {
			t.Errorf("%s: %d rows and %q, want 2 rows and the state before the line", name, n, stdout)
		}
	}
}

// A record without its key ends the sync at its own line, whatever comes after it; if rows may
// become dead letters it is settled as one, and the broken line after it ends the sync.
func TestMissingKeyBeforeABrokenLine(t *testing.T) {
	for deadLetters, want := range map[bool]struct {
		line       string
		suppressed int
	}{
		false: {"line 4 of the input: stream users: a record has no value for", 0},
		true:  {"line 5, byte 8 of the input: not valid JSON", 1},
	} {
		var out bytes.Buffer
		rows, suppressed := 0, 0
		s := &Stream{Route: &route.Route{Stream: users, Mode: config.Upsert, Key: [][]string{{"id"}}}, Send: func(_ context.Context, b *batching.Batch) batching.Outcome {
			rows, suppressed = rows+b.Rows(), suppressed+len(b.Suppressed())
			return batching.Outcome{}
		}}
		o := Options{
			Batching:    batching.Options{MaxRows: 100, MaxBytes: 1 << 20, MaxAge: 1 << 40, MaxBuffered: 64 << 20, MaxInFlight: 1},
			DeadLetters: deadLetters, Warn: func(text string, args ...any) { t.Error(text, args) }, Observer: nobody{},
		}
		input := userRecord + userState + userRecord + strings.Replace(userRecord, `"id":1`, `"id":null`, 1) + "{\"type\":\n" + userRecord
		err := New(t.Context(), []*Stream{s}, o, protocol.NewWriter(&out)).Run(t.Context(), strings.NewReader(input), func() {})
		if err == nil || !strings.HasPrefix(err.Error(), want.line) {
			t.Errorf("dead letters %v: error %v, want %s", deadLetters, err, want.line)
		}
		if rows != 2+want.suppressed || suppressed != want.suppressed || out.String() != userDone {
			t.Errorf("dead letters %v: %d rows, %d of them not sent, and %q; want those before the line and the state", deadLetters, rows, suppressed, out.String())
		}
	}
}

func TestRowsBeforeABrokenStdinAreDelivered(t *testing.T) {
	defer goleak.VerifyNone(t)
	var out bytes.Buffer
	in := io.MultiReader(strings.NewReader(userRecord+userState), failing{io.ErrUnexpectedEOF})
	if err := syncOf(t.Context(), t, in, &out, deliverAll); err == nil || out.String() != userDone {
		t.Errorf("error %v, stdout %q; want an error and the state", err, out.String())
	}
}

func TestInputWithoutAMessageIsAnError(t *testing.T) {
	for _, input := range []string{`{"id":1}` + "\n", "id,name\n1,a\n", strings.ToLower(userRecord), "[" + strings.TrimSpace(userRecord) + "]\n"} {
		if _, _, _, err := deliveredBy(t, input, users); err == nil || !strings.Contains(err.Error(), `such as {"type":"RECORD"`) {
			t.Errorf("%q: error %v, want one that shows a message", input, err)
		}
	}
	for _, input := range []string{"", "\n", "a banner\n" + userState} {
		if _, _, _, err := deliveredBy(t, input, users); err != nil {
			t.Errorf("%q: %v", input, err)
		}
	}
}

// The state of a stream that is not in the catalog may be of any rows: it waits for all of them,
// and says so.
func TestStateOfAnUnknownStreamWaitsForAllRows(t *testing.T) {
	defer goleak.VerifyNone(t)
	var out bytes.Buffer
	lost := context.DeadlineExceeded
	var warnings string
	s := &Stream{Route: &route.Route{Stream: users, Mode: config.Insert}, Send: func(context.Context, *batching.Batch) batching.Outcome {
		return batching.Outcome{Err: lost}
	}}
	o := Options{
		Batching: batching.Options{MaxRows: 100, MaxBytes: 1 << 20, MaxAge: 1 << 40, MaxBuffered: 64 << 20, MaxInFlight: 2},
		Warn:     func(text string, args ...any) { warnings += fmt.Sprintln(append([]any{text}, args...)...) }, Observer: nobody{},
	}
	input := userRecord + strings.ReplaceAll(userState, `"users"`, `"others"`)
	err := New(t.Context(), []*Stream{s}, o, protocol.NewWriter(&out)).Run(t.Context(), strings.NewReader(input), func() {})
	if err == nil || out.Len() > 0 {
		t.Errorf("error %v, stdout %q; want an error and no state", err, out.String())
	}
	if !strings.Contains(warnings, "a STATE of stream others, which is not in the catalog") {
		t.Errorf("warnings %q", warnings)
	}
	_, stdout, _, err := deliveredBy(t, input, users)
	if err != nil || !strings.Contains(stdout, `"others"`) {
		t.Errorf("error %v, stdout %q; want the state", err, stdout)
	}
}

// Messages without a namespace belong to the only stream of their name, as PyAirbyte's cached write
// sends them.
func TestMessagesWithoutANamespace(t *testing.T) {
	input := strings.ReplaceAll(userRecord, `"stream"`, `"namespace":null,"stream"`) + userState
	bodies, stdout, warnings, err := deliveredBy(t, input, protocol.StreamDescriptor{Namespace: "public", Name: "users"})
	if err != nil || !strings.Contains(bodies, `"id":1`) || stdout != userDone || warnings != "" {
		t.Errorf("bodies %q, stdout %q, warnings %q, error %v", bodies, stdout, warnings, err)
	}
	_, _, _, err = deliveredBy(t, input, protocol.StreamDescriptor{Namespace: "a", Name: "users"}, protocol.StreamDescriptor{Namespace: "b", Name: "users"})
	if want := "there the name exists in namespace a, in namespace b; "; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("error %v, want %q", err, want)
	}
	wrong := strings.ReplaceAll(userRecord, `"stream"`, `"namespace":"x","stream"`)
	_, _, _, err = deliveredBy(t, wrong, users)
	if want := "there the name exists without a namespace; "; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("error %v, want %q", err, want)
	}
}
