package route

import (
	"testing"

	"destination-webhook/destination/config/configtest"
)

// Streams with the same program share it: a catalog may have thousands of them.
func TestProgramsAreCompiledOnce(t *testing.T) {
	c := configtest.Parse(t, `,"answers":{"success_if":".ok","rejected_rows":".rows[]"},"payload":{"format":"envelope","transform":".ok"},"streams":[{"stream":"c","answers":{"success_if":".done"}}]`)
	const streams = `{"stream":{"name":"a"},"destination_sync_mode":"append"},{"stream":{"name":"b"},"destination_sync_mode":"append"},{"stream":{"name":"c"},"destination_sync_mode":"append"}`
	table, err := NewTable(c, catalogOf(t, streams), "agent")
	if err != nil {
		t.Fatal(err)
	}
	a, b, other := table[0], table[1], table[2]
	if a.Transform == nil || a.Transform != b.Transform || a.Answers.SuccessIf != b.Answers.SuccessIf || a.Answers.RejectedRows != other.Answers.RejectedRows {
		t.Error("a program that streams share was compiled for each of them")
	}
	if a.Answers.SuccessIf == other.Answers.SuccessIf {
		t.Error("a stream has the program of another one")
	}
	if any(a.Transform) == any(a.Answers.SuccessIf) {
		t.Error("a transform, which has variables, is the program of another field")
	}
}
