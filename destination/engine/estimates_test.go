package engine

import (
	"testing"

	"destination-webhook/protocol"
)

func TestEstimates(t *testing.T) {
	var e estimates
	if got := e.total(); got != 0 {
		t.Errorf("without estimates %d", got)
	}
	for _, step := range []struct {
		stream        string
		records, want int64
	}{{"users", 100, 100}, {"orders", 50, 150}, {"users", 120, 170}, {"", 1000, 1000}} {
		e.note(&protocol.Estimate{Stream: []byte(step.stream), Records: step.records})
		if got := e.total(); got != step.want {
			t.Errorf("%q %d: %d in all, want %d", step.stream, step.records, got, step.want)
		}
	}
}
