package shape

import (
	"bytes"
	"encoding/json"
	"testing"
)

// TestLength holds the shapes to the sizes that results are compared by.
func TestLength(t *testing.T) {
	for _, tt := range []struct {
		shape Shape
		want  float64
	}{{Narrow, 146}, {Typical, 423}, {Wide, 4100}} {
		const rows = 10_000
		var b []byte
		for i := range rows {
			b = tt.shape.AppendRecord(b, "users", i+500_000)
		}
		if mean := float64(len(b)) / rows; mean < 0.98*tt.want || mean > 1.02*tt.want {
			t.Errorf("a line of shape %v has %.1f bytes, want %v", tt.shape, mean, tt.want)
		}
	}
}

func TestLinesAreJSON(t *testing.T) {
	for _, s := range []Shape{Narrow, Typical, Wide} {
		for i := range 2000 {
			line := AppendState(s.AppendRecord(nil, "users", i), "users", i)
			for part := range bytes.Lines(line) {
				if !json.Valid(part) {
					t.Fatalf("not JSON: %s", part)
				}
			}
		}
	}
}

func TestSameBytes(t *testing.T) {
	for _, s := range []Shape{Narrow, Typical, Wide} {
		a, b := s.AppendRecord(nil, "users", 7), s.AppendRecord(nil, "users", 7)
		if !bytes.Equal(a, b) || bytes.Equal(a, s.AppendRecord(nil, "users", 8)) {
			t.Errorf("shape %v: record 7 is not one of its own", s)
		}
	}
}

func TestParse(t *testing.T) {
	for _, s := range []Shape{Narrow, Typical, Wide} {
		if got, err := Parse(s.String()); got != s || err != nil {
			t.Errorf("Parse(%q) = %v, %v", s, got, err)
		}
	}
	if _, err := Parse("round"); err == nil {
		t.Error("Parse takes a shape that there is not")
	}
}
