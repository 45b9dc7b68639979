package acceptance

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"destination-webhook/receiver"
)

// patience bounds every wait of a script: what has not come by then does not come.
const patience = time.Minute

// receiving is a receiver and the server around it.
type receiving struct {
	*receiver.Receiver
	server *httptest.Server
}

func startReceiver(ts *testscript.TestScript, _ bool, args []string) {
	o := receiver.Options{}
	var rest []string
	for _, arg := range args {
		if arg == "-remote" { // requests may be to other names than this machine's
			o.AllowRemote = true
			continue
		}
		if secret, found := strings.CutPrefix(arg, "-sign="); found {
			o.SigningSecrets = append(o.SigningSecrets, secret)
			continue
		}
		rest = append(rest, arg)
	}
	o.Faults = parseFaults(ts, rest)
	r := receiver.New(o)
	server := httptest.NewServer(r)
	ts.Defer(func() {
		_ = r.Close()
		server.CloseClientConnections()
		server.Close()
	})
	stageOf(ts).receiver = receiving{r, server}
	stageOf(ts).address = server.Listener.Addr().String()
	announce(ts, server)
}

func setFaults(ts *testscript.TestScript, _ bool, args []string) {
	stageOf(ts).receiver.SetFaults(parseFaults(ts, args))
}

func parseFaults(ts *testscript.TestScript, args []string) receiver.Faults {
	var f receiver.Faults
	for _, arg := range args { // one by one: a value may hold a space
		name, value, _ := strings.Cut(arg, "=")
		ts.Check(f.Set(name, value))
	}
	return f
}

// startEndpoint serves the worst that an endpoint can say: all that it was told.
func startEndpoint(ts *testscript.TestScript, _ bool, args []string) {
	var config *tls.Config
	for len(args) > 0 && strings.HasPrefix(args[0], "-") {
		if config == nil {
			config = &tls.Config{}
		}
		switch args[0] {
		case "-tls":
		case "-tls=1.2":
			config.MaxVersion = tls.VersionTLS12 //nolint:gosec // an old endpoint
		case "-mtls":
			config.ClientAuth = tls.RequireAnyClientCert
		default:
			ts.Fatalf("no such flag: %s", args[0])
		}
		args = args[1:]
	}
	status, err := strconv.Atoi(args[0])
	ts.Check(err)
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, header := range args[1:] {
			name, value, _ := strings.Cut(header, ":")
			w.Header().Set(name, value)
		}
		body, _ := io.ReadAll(r.Body)
		w.WriteHeader(status)
		fmt.Fprintf(w, "%s %s %q %s", r.Method, r.URL, r.Header, body)
	})
	server := httptest.NewUnstartedServer(handler)
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	if config != nil {
		server.TLS = config
		server.StartTLS()
		key, err := x509.MarshalPKCS8PrivateKey(server.TLS.Certificates[0].PrivateKey)
		ts.Check(err)
		setPEM(ts, "AUTHORITY", "CERTIFICATE", server.Certificate().Raw)
		setPEM(ts, "KEY", "PRIVATE KEY", key)
	} else {
		server.Start()
	}
	stageOf(ts).address = server.Listener.Addr().String()
	ts.Defer(server.Close)
	announce(ts, server)
}

// setPEM sets a variable to a JSON string, with its quotes.
func setPEM(ts *testscript.TestScript, name, kind string, der []byte) {
	quoted, err := json.Marshal(string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})))
	ts.Check(err)
	ts.Setenv(name, string(quoted))
}

// announce puts the server's address into the script's environment and JSON files.
func announce(ts *testscript.TestScript, server *httptest.Server) {
	ts.Setenv("URL", server.URL)
	files, err := filepath.Glob(ts.MkAbs("*.json"))
	ts.Check(err)
	for _, file := range files {
		text, err := os.ReadFile(file) //nolint:gosec // the script's own
		ts.Check(err)
		expanded := os.Expand(string(text), func(name string) string { return ts.Getenv(name) })
		ts.Check(os.WriteFile(file, []byte(expanded), 0o600))
	}
}

// claimed gives the receiver the last command's output, and holds what the states claim against
// what arrived, by the API that the receiver has for tests.
func claimed(ts *testscript.TestScript, neg bool, _ []string) {
	r, err := http.NewRequestWithContext(context.Background(), http.MethodPost, stageOf(ts).receiver.server.URL+"/_/api/states", strings.NewReader(ts.ReadFile("stdout")))
	ts.Check(err)
	answer, err := http.DefaultClient.Do(r)
	ts.Check(err)
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	ts.Check(err)
	var compared receiver.Comparison
	ts.Check(json.Unmarshal(text, &compared))
	if answer.StatusCode != http.StatusOK || compared.Equal == neg {
		ts.Fatalf("status %d: %s", answer.StatusCode, text)
	}
}

// arrived waits for this many requests, by the API that the receiver has for tests.
func arrived(ts *testscript.TestScript, _ bool, args []string) {
	call := fmt.Sprintf("%s/_/api/wait?requests=%s&timeout=%s", stageOf(ts).receiver.server.URL, args[0], patience)
	r, err := http.NewRequestWithContext(context.Background(), http.MethodGet, call, nil)
	ts.Check(err)
	answer, err := http.DefaultClient.Do(r)
	ts.Check(err)
	defer func() { _ = answer.Body.Close() }()
	if totals, err := io.ReadAll(answer.Body); err != nil || answer.StatusCode != http.StatusOK {
		ts.Fatalf("%s: %s, %v\n%s", call, answer.Status, err, totals)
	}
}

// writeReceived writes the files requests (a line each: method, path, status, stream, mode, rows,
// attempt), headers (each with the number of its request), bodies (a line each) and rows (accepted,
// a line each: stream, operation, key, data).
func writeReceived(ts *testscript.TestScript, _ bool, _ []string) {
	r := stageOf(ts).receiver
	var requests, headers, bodies, rows strings.Builder
	for i, q := range r.Requests() {
		fmt.Fprintf(&requests, "%s %s %d %s %s %d rows", q.Method, q.URL, q.Status, or(q.Stream), or(q.SyncMode), q.Rows)
		if q.Attempt > 1 {
			fmt.Fprintf(&requests, ", attempt %d", q.Attempt)
		}
		if q.Duplicate {
			fmt.Fprint(&requests, ", duplicate")
		}
		fmt.Fprintln(&requests)
		for name, values := range q.Header {
			fmt.Fprintf(&headers, "%d %s: %s\n", i+1, name, strings.Join(values, ", "))
		}
		fmt.Fprintf(&bodies, "%s\n", q.Body)
	}
	for _, row := range r.Accepted() {
		stream := row.Stream
		if row.Namespace != "" {
			stream = row.Namespace + "." + stream
		}
		fmt.Fprintf(&rows, "%s %s %s %s\n", stream, or(row.Operation), or(string(row.PrimaryKey)), row.Data)
	}
	for name, text := range map[string]string{"requests": requests.String(), "headers": headers.String(), "bodies": bodies.String(), "rows": rows.String()} {
		ts.Check(os.WriteFile(ts.MkAbs(name), []byte(text), 0o600))
	}
}

func or(text string) string {
	if text == "" {
		return "-"
	}
	return text
}
