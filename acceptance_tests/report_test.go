package acceptance

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
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

// fits holds a text against a schema.
func fits(text []byte, of func() (*jsonschema.Schema, error)) error {
	schema, err := of()
	if err != nil {
		return err
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err == nil {
		err = schema.Validate(document)
	}
	if err != nil {
		return fmt.Errorf("%w in\n%s", err, text)
	}
	return nil
}

// reported returns the command of a script, and the file in which it leaves a report if it is a
// sync or a replay; "" if it leaves none, or not where this process sees it.
func reported(ts *testscript.TestScript, args []string) (command []string, file string) {
	syncs := len(args) > 1 && args[1] == "write" || len(args) > 2 && args[1] == "dead-letters" && args[2] == "replay"
	if !syncs || args[0] != program || os.Getenv("ACCEPTANCE_INDIRECT") != "" {
		return args, ""
	}
	withManifests(ts, args)
	dir, err := os.MkdirTemp("", "report-")
	ts.Check(err)
	ts.Defer(func() { _ = os.RemoveAll(dir) })
	file = filepath.Join(dir, "report.json")
	return append(slices.Clone(args), "--report", file), file
}

// requireReport holds the report of a sync against the schema, against the outcome that it must
// say, and against the manifests that came. With optional there may be none: the process was
// killed, or its command line was wrong.
func requireReport(ts *testscript.TestScript, file string, optional bool, outcome string) {
	text, err := os.ReadFile(file)
	if file == "" || optional && errors.Is(err, fs.ErrNotExist) {
		return
	}
	ts.Check(err)
	ts.Check(fits(text, reportSchema))
	var report struct {
		Outcome string
		Streams []struct {
			Manifest   struct{ Outcome, Run string }
			Delivered  int64            `json:"rows_delivered"`
			Operations map[string]int64 `json:"rows_delivered_by_operation"`
		}
	}
	if ts.Check(json.Unmarshal(text, &report)); report.Outcome != outcome {
		ts.Fatalf("the outcome %s is not in the report\n%s", outcome, text)
	}
	for _, stream := range report.Streams {
		for _, rows := range stream.Operations {
			stream.Delivered -= rows
		}
		if stream.Delivered != 0 {
			ts.Fatalf("the rows by operation are not those that were delivered:\n%s", text)
		}
		requireManifest(ts, stream.Manifest.Run, stream.Manifest.Outcome)
	}
}
