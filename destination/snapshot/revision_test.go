package snapshot

import (
	"fmt"
	"testing"
)

// replaces names what a row of the key a replaces, or that it is not sent.
func replaces(t *testing.T, stream *Stream, row string) (string, Row) {
	t.Helper()
	var change Change
	var v Version
	var err error
	if row == "" {
		change, v, err = stream.Remove([]byte("a"))
	} else {
		change, v, err = stream.Diff([]byte("a"), []byte(row))
	}
	if err != nil || change == Unchanged {
		t.Fatalf("%q is %v, %v", row, change, err)
	}
	return fmt.Sprintf("%x %x", stream.Salt(), v.AppendReplaced(nil)), confirmed(v)
}

// step sends one row, or removes it, and ends in one of five ways.
type step struct{ row, outcome string }

const (
	zero, one, removed = `{"v":0}`, `{"v":1}`, ""

	isConfirmed = "it is confirmed"
	isRejected  = "it is rejected"
	processDies = "the process dies"
	syncFails   = "the sync fails"
	syncEnds    = "the sync ends well"
)

// TestRevisions sends rows of one key, and looks which of them pass for repetitions of others.
func TestRevisions(t *testing.T) {
	for name, steps := range map[string][]step{
		"back and forth in a sync":        {{zero, isConfirmed}, {one, isConfirmed}, {zero, isConfirmed}, {one, syncEnds}},
		"back and forth in many":          {{zero, syncEnds}, {one, syncEnds}, {zero, syncEnds}, {one, syncEnds}},
		"back and forth in failed ones":   {{zero, syncEnds}, {one, syncFails}, {zero, syncFails}, {one, syncFails}, {zero, syncEnds}},
		"back and forth in processes":     {{zero, syncEnds}, {one, processDies}, {zero, processDies}, {one, processDies}, {zero, processDies}, {one, syncEnds}},
		"removed and back":                {{zero, isConfirmed}, {removed, isConfirmed}, {zero, isConfirmed}, {removed, isConfirmed}, {zero, syncEnds}},
		"removed and back in many":        {{zero, syncEnds}, {removed, syncEnds}, {zero, syncEnds}, {removed, syncEnds}, {zero, syncEnds}},
		"removed and back in processes":   {{zero, isConfirmed}, {removed, processDies}, {zero, processDies}, {removed, processDies}, {zero, syncEnds}},
		"removed, died, and back":         {{zero, isConfirmed}, {removed, isConfirmed}, {zero, processDies}, {removed, isConfirmed}, {zero, syncEnds}},
		"rejected and again":              {{zero, isRejected}, {zero, isRejected}, {zero, syncEnds}},
		"rejected in the next sync":       {{zero, isRejected}, {zero, syncEnds}, {one, isRejected}, {one, syncEnds}},
		"rejected after a death":          {{zero, isConfirmed}, {one, isRejected}, {zero, processDies}, {one, syncEnds}},
		"another row after one in flight": {{zero, processDies}, {one, isConfirmed}, {zero, syncEnds}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			stream := openStream(t, open(t, dir, Options{}), "users", 1)
			seen := map[string]bool{}
			for i, s := range steps {
				if s.row == zero && s.outcome == processDies && name == "rejected after a death" {
					// the endpoint has this row: nothing is sent
					continue
				}
				revision, row := replaces(t, stream, s.row)
				if id := revision + s.row; seen[id] {
					t.Errorf("step %d, %s, passes for a repetition: it replaces %s", i, s.row, revision)
				} else {
					seen[id] = true
				}
				batch := begin(t, stream, row)
				batch.rows[0].Rejected = s.outcome == isRejected
				if s.outcome != processDies && s.outcome != syncFails {
					confirm(t, batch)
				}
				if s.outcome == isConfirmed || s.outcome == isRejected {
					continue
				}
				stream.finishAs(t, s.outcome == syncEnds, s.outcome == processDies)
				stream = openStream(t, open(t, dir, Options{}), "users", 1)
			}
			closeStore(t, stream.store)
		})
	}
}

func (st *Stream) finishAs(t *testing.T, well, dies bool) {
	t.Helper()
	if well {
		st.Finish(true)
	}
	if !dies {
		closeStore(t, st.store)
	} else if err := st.store.release(); err != nil {
		t.Fatal(err)
	}
}

// What a resumed sync sends again replaces what it replaced before.
func TestRepetitionsKeepTheirRevisions(t *testing.T) {
	for _, dies := range []bool{false, true} {
		dir := t.TempDir()
		for _, row := range []string{`{"v":0}`, `{"v":1}`, ""} {
			var first string
			for attempt := range 3 {
				stream := openStream(t, open(t, dir, Options{}), "users", 1)
				revision, sent := replaces(t, stream, row)
				if batch := begin(t, stream, sent); attempt == 2 {
					confirm(t, batch)
				}
				if attempt == 0 {
					first = revision
				} else if revision != first {
					t.Errorf("dies %v: attempt %d of %q replaces %s, the first replaced %s", dies, attempt, row, revision, first)
				}
				stream.finishAs(t, attempt == 2, dies && attempt < 2)
			}
		}
	}
}

// A snapshot that was started over repeats nothing of the one before.
func TestSaltOfASnapshotBegunAnew(t *testing.T) {
	salts := map[uint64]bool{}
	for range 2 {
		dir := t.TempDir()
		for range 2 {
			stream := openStream(t, open(t, dir, Options{}), "users", 1)
			salts[stream.Salt()] = true
			stream.finishAs(t, true, false)
		}
	}
	if len(salts) != 2 {
		t.Errorf("two snapshots have %d salts", len(salts))
	}
}
