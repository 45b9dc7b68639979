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

	"destination-webhook/destination/manifest"
	"destination-webhook/destination/report"
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
	var r report.File
	if ts.Check(json.Unmarshal(text, &r)); string(r.Outcome) != outcome {
		ts.Fatalf("the outcome %s is not in the report\n%s", outcome, text)
	}
	requireCounts(ts, &r.Totals, outcome, text)
	for _, stream := range r.Streams {
		requireCounts(ts, &stream.Counts, outcome, text)
		if stream.Manifest != nil {
			requireManifest(ts, stream.Manifest.Run, string(stream.Manifest.Outcome))
		}
	}
}

// requireCounts wants that each row has one outcome and one operation.
func requireCounts(ts *testscript.TestScript, c *report.Counts, outcome string, text []byte) {
	sum := func(r manifest.Rows) int64 { return r.Added + r.Changed + r.Removed + r.Upserted }
	switch {
	case c.Delivered+c.Rejected+c.Again+c.Skipped+c.Replaced+c.Waiting != c.Read+c.Left+c.Retried:
		ts.Fatalf("not every row has one outcome:\n%s", text)
	case sum(c.DeliveredBy) != c.Delivered, sum(c.RejectedBy) != c.Rejected,
		sum(c.SkippedBy.Rows)+c.SkippedBy.Unchanged != c.Skipped, sum(c.WaitingBy.Rows)+c.WaitingBy.Unchanged != c.Waiting:
		ts.Fatalf("not every row has one operation:\n%s", text)
	case outcome == string(report.Succeeded) && c.Waiting != 0:
		ts.Fatalf("rows wait after a sync that succeeded:\n%s", text)
	}
}
