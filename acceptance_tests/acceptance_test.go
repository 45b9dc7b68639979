package acceptance

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// program is the name under which scripts find the command under test.
const program = "destination-webhook"

// programs is a folder that holds it, for PATH.
var programs string

func TestMain(m *testing.M) {
	folder, err := os.MkdirTemp("", "acceptance")
	if err == nil {
		programs, err = folder, provide(filepath.Join(folder, program))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	_ = os.RemoveAll(folder)
	os.Exit(code)
}

// provide puts the command under test at path: a build of this source, or a script that runs what the environment names.
func provide(path string) error {
	if command := os.Getenv("ACCEPTANCE_COMMAND"); command != "" {
		return os.WriteFile(path, []byte("#!/bin/sh\nexec "+command+" \"$@\"\n"), 0o700) //nolint:gosec // it is to be run
	}
	if text, err := exec.Command("go", "build", "-o", path, "..").CombinedOutput(); err != nil {
		return fmt.Errorf("building the program: %w\n%s", err, text)
	}
	return nil
}

func TestPromises(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "scripts",
		Setup: func(env *testscript.Env) error {
			env.Setenv("PATH", programs+string(filepath.ListSeparator)+env.Getenv("PATH"))
			env.Values[stageKey{}] = &stage{}
			return nil
		},
		Condition: func(name string) (bool, error) {
			if name == "direct" {
				return os.Getenv("ACCEPTANCE_INDIRECT") == "", nil
			}
			return false, fmt.Errorf("unknown condition %s", name)
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"receiver": startReceiver,
			"endpoint": startEndpoint,
			"proxy":    startProxy,
			"proxied":  writeProxied,
			"faults":   setFaults,
			"received": writeReceived,
			"exits":    exits,
			"protocol": splitProtocol,
			"records":  writeRecords,
			"begin":    begin,
			"feed":     feed,
			"eof":      endInput,
			"await":    await,
			"arrived":  arrived,
			"hangup":   hangup,
			"end":      end,
		},
		UpdateScripts: os.Getenv("UPDATE_SCRIPTS") != "",
	})
}

// stage is what a script has started. Its goroutine alone uses it.
type stage struct {
	receiver receiving
	session  *session
	address  string // of the last endpoint or receiver
	proxy    *proxy
}

type stageKey struct{}

func stageOf(ts *testscript.TestScript) *stage { return ts.Value(stageKey{}).(*stage) }
