package protocol

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// stats are what § means in a wanted line.
const stats = `"destinationStats":{"recordCount":12.0}`

var stateTests = []struct {
	name, line, want string
	kind             StateKind
	namespace        string
	stream           string
}{
	{"stats are added",
		`{"type":"STATE","state":{"type":"STREAM","stream":{"stream_descriptor":{"name":"users","namespace":"public"},"stream_state":{"cursor":1}},"sourceStats":{"recordCount":12.0}}}`,
		`{"type":"STATE","state":{"type":"STREAM","stream":{"stream_descriptor":{"name":"users","namespace":"public"},"stream_state":{"cursor":1}},"sourceStats":{"recordCount":12.0},§}}`,
		StreamState, "public", "users"},
	{"stats are replaced where they stand",
		`{"type":"STATE","state":{"destinationStats":{"recordCount":5.0,"x":1},"data":{}}}`,
		`{"type":"STATE","state":{§,"data":{}}}`, LegacyState, "", ""},
	{"null stats are replaced, as every null of PyAirbyte's stays",
		`{"type":"STATE","log":null,"state":{"type":"STREAM","stream":{"stream_descriptor":{"name":"users","namespace":null},"stream_state":null},"global":null,"data":null,"sourceStats":null,"destinationStats":null},"record":null}`,
		`{"type":"STATE","log":null,"state":{"type":"STREAM","stream":{"stream_descriptor":{"name":"users","namespace":null},"stream_state":null},"global":null,"data":null,"sourceStats":null,§},"record":null}`,
		StreamState, "", "users"},
	{"an empty state", `{"type":"STATE","state":{}}`, `{"type":"STATE","state":{§}}`, LegacyState, "", ""},
	{"an empty state with space", `{"state":{ } ,"type":"STATE"}`, `{"state":{ §} ,"type":"STATE"}`, LegacyState, "", ""},
	{"white space stays",
		" {\t\"type\" : \"STATE\" , \"state\" : { \"data\" : { \"a\" : 1 }  } } \r",
		" {\t\"type\" : \"STATE\" , \"state\" : { \"data\" : { \"a\" : 1 }  ,§} } \r", LegacyState, "", ""},
	{"white space around stats stays",
		`{"type":"STATE","state":{"destinationStats" : {} , "data":{} }}`,
		`{"type":"STATE","state":{"destinationStats" : {"recordCount":12.0} , "data":{} }}`, LegacyState, "", ""},
	{"ids and cursors keep every digit",
		`{"type":"STATE","state":{"type":"GLOBAL","global":{"shared_state":{"lsn":123456789012345678901234567890},"stream_states":[{"stream_descriptor":{"name":"unknown"},"stream_state":{"c":1e39,"f":0.10}}]},"id":9007199254740993}}`,
		`{"type":"STATE","state":{"type":"GLOBAL","global":{"shared_state":{"lsn":123456789012345678901234567890},"stream_states":[{"stream_descriptor":{"name":"unknown"},"stream_state":{"c":1e39,"f":0.10}}]},"id":9007199254740993,§}}`,
		GlobalState, "", ""},
	{"escapes, order and unknown fields stay",
		`{"x":[1],"state":{"z":"\u00e9\/<&>","\u0074ype":"GLOBAL","a":{"destinationStats":1}},"destinationStats":2,"type":"STATE"}`,
		`{"x":[1],"state":{"z":"\u00e9\/<&>","\u0074ype":"GLOBAL","a":{"destinationStats":1},§},"destinationStats":2,"type":"STATE"}`,
		GlobalState, "", ""},
	{"an escaped key of stats",
		`{"type":"STATE","state":{"destination\u0053tats":{"recordCount":1.0}}}`,
		`{"type":"STATE","state":{"destination\u0053tats":{"recordCount":12.0}}}`, LegacyState, "", ""},
	{"the last stats count",
		`{"type":"STATE","state":{"destinationStats":1,"destinationStats":[{"a":2}]}}`,
		`{"type":"STATE","state":{"destinationStats":1,§}}`, LegacyState, "", ""},
	{"the last state counts",
		`{"state":{"destinationStats":{},"type":1,"stream":{"stream_descriptor":{"name":"a"}}},"type":"STATE","state":{"type":"GLOBAL"}}`,
		`{"state":{"destinationStats":{},"type":1,"stream":{"stream_descriptor":{"name":"a"}}},"type":"STATE","state":{"type":"GLOBAL",§}}`,
		GlobalState, "", ""},
	{"the last stream counts, whole",
		`{"type":"STATE","state":{"type":"STREAM","stream":{"stream_descriptor":{"name":"a","namespace":"n"}},"stream":{"stream_descriptor":{"name":"b"}}}}`,
		`{"type":"STATE","state":{"type":"STREAM","stream":{"stream_descriptor":{"name":"a","namespace":"n"}},"stream":{"stream_descriptor":{"name":"b"}},§}}`,
		StreamState, "", "b"},
	{"the last descriptor counts, whole",
		`{"type":"STATE","state":{"type":"STREAM","stream":{"stream_descriptor":{"name":"a","namespace":"n"},"stream_descriptor":{"name":"b"}}}}`,
		`{"type":"STATE","state":{"type":"STREAM","stream":{"stream_descriptor":{"name":"a","namespace":"n"},"stream_descriptor":{"name":"b"}},§}}`,
		StreamState, "", "b"},
	{"LEGACY", `{"type":"STATE","state":{"type":"LEGACY","data":{"a":1}}}`, `{"type":"STATE","state":{"type":"LEGACY","data":{"a":1},§}}`, LegacyState, "", ""},
	{"no type", `{"type":"STATE","state":{"data":{"a":1}}}`, `{"type":"STATE","state":{"data":{"a":1},§}}`, LegacyState, "", ""},
	{"type null", `{"type":"STATE","state":{"type":null}}`, `{"type":"STATE","state":{"type":null,§}}`, LegacyState, "", ""},
	{"an unknown type is a barrier too", `{"type":"STATE","state":{"type":"PARTITION"}}`, `{"type":"STATE","state":{"type":"PARTITION",§}}`, LegacyState, "", ""},
	{"GLOBAL without stream_states", `{"type":"STATE","state":{"type":"GLOBAL","global":{"shared_state":{}}}}`,
		`{"type":"STATE","state":{"type":"GLOBAL","global":{"shared_state":{}},§}}`, GlobalState, "", ""},
	{"an escaped name",
		`{"type":"STATE","state":{"stream":{"stream_d\u0065scriptor":{"n\u0061me":"\u00fcsers","namespace":"\ud800"}},"type":"STREAM"}}`,
		`{"type":"STATE","state":{"stream":{"stream_d\u0065scriptor":{"n\u0061me":"\u00fcsers","namespace":"\ud800"}},"type":"STREAM",§}}`,
		StreamState, "\uFFFD", "üsers"},
}

func TestState(t *testing.T) {
	for _, tt := range stateTests {
		t.Run(tt.name, func(t *testing.T) {
			s := decodeState(t, tt.line)
			want := strings.ReplaceAll(tt.want, "§", stats) + "\n"
			if diff := cmp.Diff(want, string(s.AppendLine(nil, 12, 0))); diff != "" {
				t.Error(diff)
			}
			if s.Kind != tt.kind || string(s.Namespace) != tt.namespace || string(s.Stream) != tt.stream {
				t.Errorf("kind %d of %q, %q", s.Kind, s.Namespace, s.Stream)
			}
			if s.Size() != len(tt.line) {
				t.Errorf("Size = %d, want %d", s.Size(), len(tt.line))
			}
		})
	}
}

func decodeState(t *testing.T, line string) *State {
	t.Helper()
	var d Decoder
	d.Reset([]byte(line + "\n"))
	var m Message
	if err := d.Next(&m); err != nil {
		t.Fatal(err)
	}
	if m.Type != TypeState {
		t.Fatalf("type %q", m.Type)
	}
	return &m.State
}

// Additional counts are doubles too, by their names in the report; those that are 0 are left out,
// and the rest of the line is as it came.
func TestStateAdditionalStats(t *testing.T) {
	s := decodeState(t, `{"x":[1.50],"type":"STATE","state":{"id":9007199254740993,"destinationStats":{"additionalStats":{"old":1}},"data":{}}}`)
	s.Additional = &AdditionalStats{Delivered: RowCounts{Added: 2, Removed: 1}, Skipped: RowCounts{Unchanged: 4}, Batches: 1}
	s.Additional.Add(AdditionalStats{Delivered: RowCounts{Added: 1}, Rejected: RowCounts{Upserted: 5}, Requests: 2, Retries: 1, Bytes: 9007199254740993, Sent: 90})
	want := `{"x":[1.50],"type":"STATE","state":{"id":9007199254740993,"destinationStats":{"recordCount":7.0,"additionalStats":{"rows_delivered":4.0,"rows_skipped":4.0,"batches":1.0,"requests":2.0,"retries":1.0,"bytes":9007199254740993.0,"bytes_sent":90.0,"rows_delivered_added":3.0,"rows_delivered_removed":1.0,"rows_rejected_upserted":5.0,"rows_skipped_unchanged":4.0}},"data":{}}}` + "\n"
	if diff := cmp.Diff(want, string(s.AppendLine(nil, 7, 0))); diff != "" {
		t.Error(diff)
	}
	s.Additional = &AdditionalStats{Retries: 5}
	if got := string(s.AppendLine(nil, 1, 2)); !strings.Contains(got, `{"recordCount":1.0,"rejectedRecordCount":2.0,"additionalStats":{"retries":5.0}}`) {
		t.Error(got)
	}
}

func TestStateCounts(t *testing.T) {
	s := decodeState(t, `{"type":"STATE","state":{}}`)
	tests := []struct {
		records, rejected int64
		want              string
	}{
		{0, 0, `{"recordCount":0.0}`},
		{1, 0, `{"recordCount":1.0}`},
		{0, 7, `{"recordCount":0.0,"rejectedRecordCount":7.0}`},
		{9007199254740993, 1, `{"recordCount":9007199254740993.0,"rejectedRecordCount":1.0}`},
	}
	for _, tt := range tests {
		want := `before{"type":"STATE","state":{"destinationStats":` + tt.want + "}}\n"
		if diff := cmp.Diff(want, string(s.AppendLine([]byte("before"), tt.records, tt.rejected))); diff != "" {
			t.Error(diff)
		}
	}
}

// A clone lives on when the block is used again; the state itself is free to change with it.
func TestStateCloneIsIndependent(t *testing.T) {
	const line = `{"type":"STATE","state":{"type":"STREAM","stream":{"stream_descriptor":{"name":"users","namespace":"public"}},"destinationStats":{}}}`
	block := []byte(line + "\n")
	var d Decoder
	var m Message
	d.Reset(block)
	if err := d.Next(&m); err != nil {
		t.Fatal(err)
	}
	clone := m.State.Clone()
	want := string(m.State.AppendLine(nil, 1, 2))
	copy(block, bytes.Repeat([]byte{'x'}, len(block)))
	if diff := cmp.Diff(want, string(clone.AppendLine(nil, 1, 2))); diff != "" {
		t.Error(diff)
	}
	if string(clone.Namespace) != "public" || string(clone.Stream) != "users" || clone.Kind != StreamState {
		t.Errorf("clone of %q, %q, kind %d", clone.Namespace, clone.Stream, clone.Kind)
	}
}

// One line may be asked for many times, with other counts each time.
func TestStateAppendLineChangesNothing(t *testing.T) {
	const line = `{"type":"STATE","state":{"destinationStats":{"recordCount":1.0},"data":{}}}`
	s := decodeState(t, line)
	first := string(s.AppendLine(nil, 3, 4))
	s.AppendLine(nil, 500, 600)
	if diff := cmp.Diff(first, string(s.AppendLine(nil, 3, 4))); diff != "" {
		t.Error(diff)
	}
	if string(s.raw) != line {
		t.Errorf("the line is now %q", s.raw)
	}
}
