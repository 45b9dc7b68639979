package destination

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A row with NaN, which is no JSON, is put aside like any other that is at fault: a mirror neither
// removes its key nor takes it as delivered.
func TestRowWithNaNBecomesADeadLetter(t *testing.T) {
	r := newRig(t)
	letters := filepath.Join(r.dir, "letters")
	options := fmt.Sprintf(`,"on_rejected_rows":"dead_letter","dead_letter":{"type":"local","path":%q}`, letters)
	row := func(data, operation, key string) string {
		return fmt.Sprintf(`{"data":%s,"operation":%q,"primary_key":%q}`, data, operation, key)
	}
	r.want(options, table(`{"id":1,"x":0}`, `{"id":2,"x":0}`), envelope("mirror", row(`{"id":1,"x":0}`, "added", "1"), row(`{"id":2,"x":0}`, "added", "2")))
	r.want(options, table(`{"id":2,"x":-Infinity}`, `{"id":1,"x":1}`), envelope("mirror", row(`{"id":1,"x":1}`, "changed", "1")))
	r.want(options, table(`{"id":1,"x":1}`, `{"id":2,"x":0}`))
	r.want(options, table(`{"id":1,"x":1}`, `{"id":2,"x":2}`), envelope("mirror", row(`{"id":2,"x":2}`, "changed", "2")))
	if got := deadLettersIn(t, letters); strings.Count(got, "\n") != 1 || !strings.Contains(got, `"data":{"id":2,"x":"-Infinity"}`) || !strings.Contains(got, `"status":0,"reason":"not valid JSON: NaN and Infinity`) {
		t.Errorf("the dead letters are %s", got)
	}
}

// A stream without a key puts such rows aside as well.
func TestRowWithNaNWithoutAKey(t *testing.T) {
	r := newRig(t)
	r.snapshot, r.catalog = `{"type":"none"}`, strings.Replace(usersRefresh, `,"primary_key":[["id"]]`, "", 1)
	letters := filepath.Join(r.dir, "letters")
	r.want(fmt.Sprintf(`,"on_rejected_rows":"dead_letter","dead_letter":{"type":"local","path":%q}`, letters),
		table(`{"id":1}`, `{"id":NaN}`, `{"id":3}`), envelope("insert", `{"data":{"id":1},"operation":"added"}`, `{"data":{"id":3},"operation":"added"}`))
	if got := deadLettersIn(t, letters); strings.Count(got, "\n") != 1 || !strings.Contains(got, `"data":{"id":"NaN"}`) {
		t.Errorf("the dead letters are %s", got)
	}
}

// Without dead letters it ends the sync after the rows before it, and names line and stream.
func TestRowWithNaNEndsASyncWithoutDeadLetters(t *testing.T) {
	r := newRig(t)
	bodies, err := r.sync("", table(`{"id":1}`, `{"id":2,"x":NaN}`, `{"id":3}`)...)
	if err == nil || !strings.Contains(err.Error(), `line 2, byte`) || !strings.Contains(err.Error(), `(in a record of stream "users")`) {
		t.Errorf("error %v, want one of line 2 and its stream", err)
	}
	if len(bodies) != 1 || !strings.Contains(bodies[0], `"primary_key":"1"`) || strings.Contains(bodies[0], `"3"`) {
		t.Errorf("%q were sent, want the row before the line", bodies)
	}
}

// deadLettersIn returns the dead letters in a folder.
func deadLettersIn(t *testing.T, folder string) (lines string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		lines += string(text)
	}
	return lines
}
