package interop

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// closed is an address at which nothing listens: port 1 is below those that a test may be given.
const closed = "http://127.0.0.1:1/hook"

// smokeTestRecords is what the scenarios of PyAirbyte's own source come to, all but its preflight
// check.
const smokeTestRecords = 1059

// sight is what pyairbyte.py prints.
type sight struct {
	Spec         string
	Check        string
	FailingCheck string `json:"failing_check"`
	SmokeTest    int    `json:"smoke_test"`
	FailingWrite string `json:"failing_write"`
	Faker        *struct{ First, Again int }
}

func TestPyAirbyte(t *testing.T) {
	e, receiver := newEnvironment(t), startEndpoint(t)
	args := []string{"pyairbyte.py", e.recorded(t), receiver.url, closed}
	faker, err := filepath.Abs(".venv-faker/bin/source-faker")
	if _, missing := os.Stat(faker); err == nil && missing == nil {
		args = append(args, faker)
	}
	var seen sight
	output := strings.Split(strings.TrimSpace(e.run(t, nil, "python", args...)), "\n")
	decode(t, output[len(output)-1], &seen)

	const refused = "check that the endpoint runs"
	if !strings.Contains(seen.FailingCheck, refused) {
		t.Errorf("the failing check says %q, want %q in it", seen.FailingCheck, refused)
	}
	want := sight{
		Spec: "Webhook Destination", Check: "passed", FailingCheck: seen.FailingCheck,
		SmokeTest: smokeTestRecords, FailingWrite: "AirbyteConnectorWriteError", Faker: seen.Faker,
	}
	if diff := cmp.Diff(want, seen); diff != "" {
		t.Errorf("what PyAirbyte saw (-want +got):\n%s", diff)
	}
	streams := receiver.received(t)
	holdsFaker(t, seen, streams)
	if rows := sum(streams); rows != smokeTestRecords {
		t.Errorf("the endpoint took %d rows of the smoke test, want %d: %v", rows, smokeTestRecords, streams)
	}
	types := []string{"CONNECTION_STATUS", "LOG", "SPEC", "TRACE"}
	if seen.Faker != nil { // the other source has no states
		types = []string{"CONNECTION_STATUS", "LOG", "SPEC", "STATE", "TRACE"}
	}
	e.parseRecorded(t, types...)
}

// holdsFaker looks at what source-faker sent, and takes its streams away.
func holdsFaker(t *testing.T, seen sight, streams map[string]int) {
	t.Helper()
	if seen.Faker == nil {
		t.Log("source-faker is not installed, so nothing of it was written: run interop/install")
		return
	}
	got := map[string]int{}
	for _, stream := range []string{"users", "products", "purchases"} {
		got[stream] = streams[stream]
		delete(streams, stream)
	}
	if got["users"] != 200 || got["products"] != 100 || got["purchases"] == 0 {
		t.Errorf("the endpoint took %v, want 200 users, 100 products and their purchases", got)
	}
	if seen.Faker.First != sum(got) {
		t.Errorf("PyAirbyte counts %d records, the endpoint has %v", seen.Faker.First, got)
	}
	if seen.Faker.Again != 0 {
		t.Errorf("a second sync sent %d records: PyAirbyte did not keep the states that came back", seen.Faker.Again)
	}
}

func sum(streams map[string]int) int {
	total := 0
	for _, rows := range streams {
		total += rows
	}
	return total
}

// TestPyAirbyteCachedWrite writes by way of PyAirbyte's cache, whose messages have no namespace for
// a stream that has one in the catalog.
func TestPyAirbyteCachedWrite(t *testing.T) {
	e, receiver := newEnvironment(t), startEndpoint(t)
	const basicTypes, namespace = 3, "public"
	output := strings.Fields(e.run(t, nil, "python", "cached.py", e.recorded(t), receiver.url, namespace))
	if counted := output[len(output)-1]; counted != fmt.Sprint(basicTypes) {
		t.Errorf("PyAirbyte counts %s records, want %d", counted, basicTypes)
	}
	rows, err := os.ReadFile(receiver.rows)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(rows), fmt.Sprintf(`{"stream":"basic_types","namespace":%q,`, namespace)); n != basicTypes {
		t.Errorf("the endpoint took %d rows of the stream in its namespace, want %d:\n%s", n, basicTypes, rows)
	}
	e.parseRecorded(t, "LOG")
}

// TestSmokeTest runs the test that Airbyte gives to authors of destinations.
func TestSmokeTest(t *testing.T) {
	e, receiver := newEnvironment(t), startEndpoint(t)
	output := e.run(t, nil, "pyab", "destination-smoke-test", "--scenarios=all",
		"--destination="+e.recorded(t), fmt.Sprintf("--config={url: %q}", receiver.url))
	var result struct {
		Success          bool
		PreflightPassed  bool `json:"preflight_passed"`
		RecordsDelivered int  `json:"records_delivered"`
		Error            *string
	}
	_, verdict, found := strings.Cut(output, "{")
	if !found {
		t.Fatalf("no verdict in\n%s", output)
	}
	decode(t, "{"+verdict, &result)
	if !result.Success || !result.PreflightPassed || result.RecordsDelivered != smokeTestRecords {
		t.Errorf("success %t, preflight %t, %d records delivered, want %d", result.Success, result.PreflightPassed, result.RecordsDelivered, smokeTestRecords)
	}
	streams := receiver.received(t)
	const preflight = "_preflight_basic_types"
	if streams[preflight] != 3 || sum(streams) != smokeTestRecords+3 {
		t.Errorf("the endpoint took %v", streams)
	}
	e.parseRecorded(t, "LOG")
}
