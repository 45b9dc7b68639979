package acceptance

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"destination-webhook/acceptance_tests/connector"
)

// program is the name under which scripts find the command under test.
const program = "destination-webhook"

// binary is the path of the command under test.
var binary string

func TestMain(m *testing.M) {
	os.Exit(connector.Run(m, &binary))
}

func TestPromises(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "scripts",
		Setup: func(env *testscript.Env) error {
			env.Setenv("PATH", filepath.Dir(binary)+string(filepath.ListSeparator)+env.Getenv("PATH"))
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
			"claimed":  claimed,
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

	collector *collector // nil: no sync has sent manifests
}

type stageKey struct{}

func stageOf(ts *testscript.TestScript) *stage { return ts.Value(stageKey{}).(*stage) }
