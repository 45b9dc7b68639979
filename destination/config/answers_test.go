package config

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"destination-webhook/protocol"
)

// The most specific entry that names a status counts, in whatever order the entries are.
func TestMeanings(t *testing.T) {
	a := Answers{Statuses: []StatusMeaning{
		{"5xx", MeansStop}, {"503", MeansRetry}, {"500-509", MeansReject}, {"505-506", MeansDelivered}, {"4XX", MeansRetry},
	}}
	meanings := a.Meanings()
	got := map[int]Meaning{}
	for _, status := range []int{399, 400, 499, 500, 503, 505, 506, 509, 510, 599, 600} {
		got[status] = meanings[status]
	}
	want := map[int]Meaning{
		399: "", 400: MeansRetry, 499: MeansRetry, 500: MeansReject, 503: MeansRetry, 505: MeansDelivered, 506: MeansDelivered,
		509: MeansReject, 510: MeansStop, 599: MeansStop, 600: "",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("meanings (-want +got):\n%s", diff)
	}
}

// What the override of a stream leaves empty is the config's.
func TestAnswersOfAStream(t *testing.T) {
	c := Config{
		Answers: Answers{Statuses: []StatusMeaning{{"409", MeansDelivered}}, SuccessIf: ".ok", Otherwise: MeansReject, RejectedRows: ".a"},
		Streams: []Stream{{Stream: "users", Answers: Answers{SuccessIf: "true", Otherwise: MeansStop}}},
	}
	want := c.Answers
	if diff := cmp.Diff(want, c.Overrides().Stream(protocol.StreamDescriptor{Name: "orders"}).Answers); diff != "" {
		t.Errorf("of another stream (-want +got):\n%s", diff)
	}
	want.SuccessIf, want.Otherwise = "true", MeansStop
	if diff := cmp.Diff(want, c.Overrides().Stream(protocol.StreamDescriptor{Name: "users"}).Answers); diff != "" {
		t.Errorf("of the stream (-want +got):\n%s", diff)
	}
}
