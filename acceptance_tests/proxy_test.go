package acceptance

import (
	"encoding/pem"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"

	"github.com/rogpeppe/go-internal/testscript"
)

// proxy is a proxy on loopback that leads to one server: no name is looked up and nothing else is
// dialled.
type proxy struct {
	target string

	mu    sync.Mutex
	asked strings.Builder // a line each: method, what for, credentials
}

func startProxy(ts *testscript.TestScript, _ bool, args []string) {
	p := &proxy{target: stageOf(ts).address}
	server := httptest.NewUnstartedServer(p)
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	if len(args) > 0 && args[0] == "-tls" {
		server.StartTLS()
		certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
		ts.Check(os.WriteFile(ts.MkAbs("proxy.pem"), certificate, 0o600))
	} else {
		server.Start()
	}
	ts.Defer(server.Close)
	stageOf(ts).proxy = p
	ts.Setenv("PROXY", strings.Replace(server.URL, "://", "://us:pr0xy-password@", 1))
}

func writeProxied(ts *testscript.TestScript, _ bool, _ []string) {
	p := stageOf(ts).proxy
	p.mu.Lock()
	defer p.mu.Unlock()
	ts.Check(os.WriteFile(ts.MkAbs("proxied"), []byte(p.asked.String()), 0o600))
}

func (p *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	p.asked.WriteString(r.Method + " " + r.RequestURI + " " + r.Header.Get("Proxy-Authorization") + "\n")
	p.mu.Unlock()
	r.Header.Del("Proxy-Authorization")
	server, err := net.Dial("tcp", p.target)
	if err != nil {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	defer server.Close()
	client, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		return
	}
	defer client.Close()
	if r.Method == http.MethodConnect {
		_, _ = io.WriteString(client, "HTTP/1.1 200 Connection established\r\n\r\n")
		go func() { _, _ = io.Copy(server, client); _ = server.Close() }()
	} else {
		r.Header.Set("Connection", "close")
		_ = r.WriteProxy(server)
	}
	_, _ = io.Copy(client, server)
}
