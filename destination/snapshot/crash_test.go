package snapshot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// stageVariable tells the test binary, started by itself, to sync and to die at a stage.
const stageVariable = "SNAPSHOT_CRASH_STAGE"

const (
	stageDiffed    = "between diff and request"
	stageBegun     = "between intent and request"
	stageDelivered = "between confirmation and commit"
	stageSettled   = "after commit"
	stageClosed    = "never"
)

// TestKill kills a process with SIGKILL at each stage of its second batch and looks at what the
// next one believes.
func TestKill(t *testing.T) {
	for _, test := range []struct {
		stage string
		// The table is back at what the first sync brought when the next sync runs.
		old Change // of a row of the second batch
	}{
		{stageDiffed, Unchanged},
		{stageBegun, Changed},
		{stageDelivered, Changed},
		{stageSettled, Changed},
		{stageClosed, Changed},
	} {
		t.Run(test.stage, func(t *testing.T) {
			dir := t.TempDir()
			runChild(t, dir, stageClosed, "0")
			runChild(t, dir, test.stage, "1")

			store := open(t, filepath.Join(dir, "snapshot"), Options{})
			defer closeStore(t, store)
			stream := openStream(t, store, "users", 9)
			has := endpointOf(t, dir)
			for i := range 4 {
				key := fmt.Sprint(i)
				for _, version := range []string{"0", "1"} {
					change, _, err := stream.Diff([]byte(key), []byte(version))
					if err != nil {
						t.Fatal(err)
					}
					if change == Unchanged && has[key] != version {
						t.Errorf("version %s of key %s is taken for delivered, the endpoint has %q", version, key, has[key])
					}
					if i == 3 && version == "0" && change != test.old {
						t.Errorf("the old version of key %s is %v, want %v", key, change, test.old)
					}
					stream.pending = map[string]*flight{} // asked, not sent
				}
			}
		})
	}
}

// runChild syncs four rows of one version in two batches in a process of its own.
func runChild(t *testing.T, dir, stage, version string) {
	t.Helper()
	child := exec.CommandContext(t.Context(), os.Args[0], dir, version)
	child.Env = append(os.Environ(), stageVariable+"="+stage, homeVariable+"="+homeURL)
	output, err := child.CombinedOutput()
	var exit *exec.ExitError
	killed := errors.As(err, &exit) && exit.Sys().(syscall.WaitStatus).Signal() == syscall.SIGKILL
	if killed != (stage != stageClosed) || !killed && err != nil {
		t.Fatalf("a sync that is to die %s: %v\n%s", stage, err, output)
	}
}

// endpointOf reads what the endpoint, a file, was sent.
func endpointOf(t *testing.T, dir string) map[string]string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "endpoint"))
	if err != nil {
		t.Fatal(err)
	}
	has := map[string]string{}
	for line := range strings.Lines(string(text)) {
		var sent map[string]string
		if err := json.Unmarshal([]byte(line), &sent); err != nil {
			t.Fatal(err)
		}
		for key, version := range sent {
			has[key] = version
		}
	}
	return has
}

// childMain is the process that dies. It never returns.
func childMain(stage string) {
	homeURL = os.Getenv(homeVariable)
	if err := childSync(os.Args[1], os.Args[2], stage); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

func childSync(dir, version, stage string) error {
	ctx := context.Background()
	store, err := openChild(ctx, dir, stage)
	if err != nil {
		return err
	}
	stream, err := store.Stream(ctx, Identity{Stream: "users", Key: [][]string{{"id"}}}, int64(version[0]))
	if err != nil {
		return err
	}
	for _, keys := range [][]string{{"0", "1"}, {"2", "3"}} {
		second := keys[0] == "2"
		if err := childBatch(ctx, dir, stream, keys, version, func(at string) {
			if second && at == stage {
				kill()
			}
		}); err != nil {
			return err
		}
	}
	return store.Close(ctx)
}

func childBatch(ctx context.Context, dir string, stream *Stream, keys []string, version string, reached func(string)) error {
	var rows []Row
	sent := map[string]string{}
	for _, key := range keys {
		_, v, err := stream.Diff([]byte(key), []byte(version))
		if err != nil {
			return err
		}
		rows = append(rows, Row{Key: []byte(key), Version: v})
		sent[key] = version
	}
	reached(stageDiffed)
	batch, err := stream.Begin(ctx, rows)
	if err != nil {
		return err
	}
	reached(stageBegun)
	endpoint, err := os.OpenFile(filepath.Join(dir, "endpoint"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if err := errors.Join(json.NewEncoder(endpoint).Encode(sent), endpoint.Close()); err != nil {
		return err
	}
	reached(stageDelivered)
	if err := batch.Confirm(); err != nil {
		return err
	}
	reached(stageSettled)
	return nil
}
