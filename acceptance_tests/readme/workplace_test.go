package readme

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"destination-webhook/acceptance_tests/connector"
	"destination-webhook/destination/loopbacktest"
	"destination-webhook/destination/signature"
	"destination-webhook/sample"
)

// workplace is a folder with all that the commands of a page name.
type workplace struct {
	folder   string
	address  string // of the endpoint
	endpoint *endpoint
	replacer *strings.Replacer
}

const catalog = `{"streams":[{"stream":{"name":"users","json_schema":{},"supported_sync_modes":["full_refresh"]},
"sync_mode":"full_refresh","destination_sync_mode":"append","primary_key":[["id"]]}]}`

const rows = `{"sync_mode":"insert","rows":[{"data":{"id":1},"operation":"added"},{"data":{"id":2},"operation":"added"}]}`

const records = `{"type":"RECORD","record":{"stream":"users","data":{"id":1},"emitted_at":0}}
{"type":"RECORD","record":{"stream":"users","data":{"id":2},"emitted_at":0}}
{"type":"STATE","state":{"type":"STREAM","stream":{"stream_descriptor":{"name":"users"},"stream_state":{"n":2}}}}
`

func newWorkplace(t *testing.T) *workplace {
	t.Helper()
	w := &workplace{folder: t.TempDir(), address: loopbacktest.FreeAddress(t).String()}
	if err := os.CopyFS(filepath.Join(w.folder, "sample"), os.DirFS("../../sample")); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(w.folder, "bin"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(binary, filepath.Join(w.folder, "bin/destination-webhook")); err != nil {
		t.Fatal(err)
	}
	config, err := os.ReadFile(filepath.Join(w.folder, "sample/config.json"))
	if err != nil {
		t.Fatal(err)
	}
	w.write(t, "sample/config.json", strings.ReplaceAll(string(config), "127.0.0.1:8080", w.address))
	w.write(t, "config.json", fmt.Sprintf(`{"url":"http://%s/","signing":{"secret":%q},"on_rejected_rows":"dead_letter",
		"dead_letter":{"type":"local","path":"letters"}}`, w.address, sample.SigningSecret))
	w.write(t, "catalog.json", catalog)
	w.write(t, "rows.json", rows)
	w.write(t, "records.jsonl", records)
	w.replacer = w.replacements(t)
	return w
}

func (w *workplace) write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(w.folder, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// replacements put values of this machine in place of a page's: addresses that no other process
// has, a key, fewer rows where a figure takes minutes, and what is built in place of what
// "go run" builds.
func (w *workplace) replacements(t *testing.T) *strings.Replacer {
	t.Helper()
	signer, err := signature.New(sample.SigningSecret)
	if err != nil {
		t.Fatal(err)
	}
	forwarded, path := loopbacktest.FreeAddress(t).String(), func(name string) string { return filepath.Join(w.folder, name) }
	return strings.NewReplacer(
		"whsec_…", sample.SigningSecret, "v1,…", signer.Sign("msg_1", time.Unix(1767225600, 0), []byte(rows)),
		"127.0.0.1:8080", w.address, "localhost:4318", w.address,
		"PORT=3000", "PORT="+port(forwarded), "localhost:3000", forwarded,
		"dead-letters-20260131T120000.000Z-ABCD2345.jsonl", "letters/dead-letters-*.jsonl",
		"go run . ", "destination-webhook ",
		"-runs 500", "-runs 1", "-keys 5000000", "-keys 2000", "-keys 10000000", "-keys 2000", "-syncs 30", "-syncs 2",
		"cpu.prof", path("cpu.prof"), "--config … --catalog … < input",
		fmt.Sprintf("--config %s --catalog %s < %s", path("sample/config.json"), path("sample/catalog.json"), path("sample/records.jsonl")),
	)
}

var serves = regexp.MustCompile(`(^| )(receive|demo --keep|go run \./examples/go)( |$)`)

// typeBlock types the commands of a block, as one script if none of them is an endpoint, which
// runs until the test ends.
func (w *workplace) typeBlock(t *testing.T, commands []string) {
	t.Helper()
	if slices.ContainsFunc(commands, serves.MatchString) {
		for _, command := range commands {
			w.serve(t, command)
		}
		return
	}
	w.ready(t)
	script := "set -eo pipefail\n" + w.replacer.Replace(strings.Join(commands, "\n"))
	if output, err := w.shell(t, script).CombinedOutput(); err != nil {
		t.Errorf("%s\n%v\n%s", script, err, output)
	}
}

// serve starts the command of an endpoint. The first one of a page is at the page's address.
func (w *workplace) serve(t *testing.T, command string) {
	t.Helper()
	typed := w.replacer.Replace(command)
	address := "127.0.0.1:0"
	if w.endpoint == nil && !strings.Contains(command, "demo") {
		address, w.endpoint = w.address, &endpoint{}
	}
	if strings.Contains(typed, "./examples/go") {
		typed = strings.Replace(typed, "go run ./examples/go", connector.BuildEndpoint(t, "../../examples/go").Path, 1)
	} else {
		typed += " --addr " + address
	}
	words := strings.Fields(typed)
	variables := slices.IndexFunc(words, func(word string) bool { return !strings.Contains(word, "=") })
	connector.Listen(t, w.shell(t, strings.Join(words[:variables], " ")+" exec "+strings.Join(words[variables:], " ")))
}

// shell returns the command that runs a script in the workplace, or where the source is.
func (w *workplace) shell(t *testing.T, script string) *exec.Cmd {
	command := exec.CommandContext(t.Context(), "bash", "-c", script) //nolint:gosec // the pages' own
	command.Dir = w.folder
	if strings.Contains(script, "\ngo ") || strings.Contains(script, "\nmake ") {
		command.Dir = "../.."
	}
	command.Env = append(os.Environ(), "PATH="+filepath.Join(w.folder, "bin")+":"+os.Getenv("PATH"), "PORT="+port(w.address))
	return command
}

// endpoint takes everything, or refuses it.
type endpoint struct{ refuses atomic.Bool }

func (e *endpoint) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	if e.refuses.Load() {
		w.WriteHeader(http.StatusUnprocessableEntity)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// ready starts an endpoint if no command of the page has, and has it refuse rows once, so that
// there are dead letters.
func (w *workplace) ready(t *testing.T) {
	t.Helper()
	if w.endpoint == nil {
		w.endpoint = &endpoint{}
		listener, err := net.Listen("tcp", w.address)
		if err != nil {
			t.Fatal(err)
		}
		server := &httptest.Server{Listener: listener, Config: &http.Server{Handler: w.endpoint, ReadHeaderTimeout: time.Minute}}
		server.Start()
		t.Cleanup(server.Close)
	}
	w.endpoint.refuses.Store(true)
	defer w.endpoint.refuses.Store(false)
	if err := os.RemoveAll(filepath.Join(w.folder, "letters")); err != nil {
		t.Fatal(err)
	}
	if output, err := w.shell(t, "destination-webhook write --config config.json --catalog catalog.json < records.jsonl").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
}

func port(address string) string {
	_, number, _ := net.SplitHostPort(address)
	return number
}
