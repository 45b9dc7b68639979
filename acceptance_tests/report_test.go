package acceptance

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// reportSchema is the published schema of reports.
var reportSchema = sync.OnceValues(func() (*jsonschema.Schema, error) {
	return jsonschema.NewCompiler().Compile("../docs/report.schema.json")
})

// reported returns the command of a script, and the file in which it leaves a report if it is a
// sync; "" if it leaves none, or not where this process sees it.
func reported(ts *testscript.TestScript, args []string) (command []string, file string) {
	if len(args) < 2 || args[0] != program || args[1] != "write" || os.Getenv("ACCEPTANCE_INDIRECT") != "" {
		return args, ""
	}
	dir, err := os.MkdirTemp("", "report-")
	ts.Check(err)
	ts.Defer(func() { _ = os.RemoveAll(dir) })
	file = filepath.Join(dir, "report.json")
	return append(slices.Clone(args), "--report", file), file
}

// requireReport holds the report of a sync against the schema, and against the outcome that it must
// say. With optional there may be none: the process was killed, or its command line was wrong.
func requireReport(ts *testscript.TestScript, file string, optional bool, outcome string) {
	text, err := os.ReadFile(file)
	if file == "" || optional && errors.Is(err, fs.ErrNotExist) {
		return
	}
	ts.Check(err)
	schema, err := reportSchema()
	ts.Check(err)
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	ts.Check(err)
	if err := schema.Validate(document); err != nil {
		ts.Fatalf("%v in the report\n%s", err, text)
	}
	var report struct{ Outcome string }
	if ts.Check(json.Unmarshal(text, &report)); report.Outcome != outcome {
		ts.Fatalf("the outcome %s is not in the report\n%s", outcome, text)
	}
}
