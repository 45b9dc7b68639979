package remote

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestNoteNames(t *testing.T) {
	first := intentName{sequence: 7, writer: "ABC234", number: 99}
	names := []string{
		first.String(),
		intentName{7, "ABC234", 100}.String(),
		intentName{8, "AAA", 1}.String(), // syncs come in order, and each one's notes
	}
	if !slices.IsSorted(names) {
		t.Errorf("out of order: %q", names)
	}
	if got, ok := parseIntentName(names[0]); !ok || got != first {
		t.Errorf("parsed %q as %v, %v", names[0], got, ok)
	}
	for _, name := range []string{"", intentsFolder, intentsFolder + "x-ABC-1", intentsFolder + "1-ABC", intentsFolder + "1-ABC-", intentsFolder + "1-A-B-1"} {
		if got, ok := parseIntentName(name); ok {
			t.Errorf("parsed %q as %v", name, got)
		}
	}
}

func TestContents(t *testing.T) {
	taken := contents{}
	for _, number := range []uint64{1, 2, 3, 5, 9, 10} {
		taken.add(intentName{writer: "A", number: number})
	}
	all := taken.with("B", 4)
	if diff := cmp.Diff(contents{"A": {{1, 3}, {5, 5}, {9, 10}}, "B": {{1, 4}}}, all); diff != "" {
		t.Error(diff)
	}
	if len(taken) != 1 {
		t.Errorf("with has changed what it was called on: %v", taken)
	}
	for _, test := range []struct {
		note intentName
		want bool
	}{
		{intentName{1, "A", 3}, true},
		{intentName{1, "A", 4}, false}, // it was on its way when 5 was taken
		{intentName{1, "A", 11}, false},
		{intentName{1, "B", 0}, false},
		{intentName{1, "B", 4}, true},
		{intentName{1, "C", 1}, false},
	} {
		if got := all.has(test.note); got != test.want {
			t.Errorf("has %v: %v, want %v", test.note, got, test.want)
		}
	}
}

func TestWhatAManifestReplaces(t *testing.T) {
	object := func(sequence int, digit string) string {
		return fmt.Sprintf("%s%016d-%s", filesFolder, sequence, strings.Repeat(digit, 64))
	}
	m := manifest{
		Sequence: 5, Contains: contents{"A": {{1, 2}}},
		Files: []file{{Name: "000004.sst", Object: object(3, "a")}}, Dropped: map[string]uint64{object(3, "b"): 4},
	}
	for name, want := range map[string]bool{
		object(3, "a"):                     false,
		object(3, "b"):                     false,
		object(3, "c"):                     true,
		object(5, "a"):                     true, // of a save that failed, or of a sync that came second
		object(6, "c"):                     false,
		"data/0000000000000005-Y.tar":      true,
		"data/0000000000000006-Y.tar":      false,
		intentName{6, "A", 2}.String():     true,
		intentName{6, "A", 3}.String():     false,
		intentName{1, "B", 1}.String():     false, // of a sync that nobody has taken in, old as it is
		manifestName:                       false,
		"data/notes.txt":                   false,
		filesFolder + "of-the-owner.txt":   false,
		intentsFolder + "of-the-owner.txt": false,
	} {
		if got := !m.named()[name] && m.replaces(name); got != want {
			t.Errorf("%s is of no use: %v, want %v", name, got, want)
		}
	}
}
