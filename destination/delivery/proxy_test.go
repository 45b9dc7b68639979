package delivery

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"destination-webhook/destination/answer"
	"destination-webhook/destination/transport"

	"github.com/google/go-cmp/cmp"
)

// relay is a proxy on loopback: whatever a client asks for, it connects to one server. It notes
// what it saw.
type relay struct {
	server *httptest.Server
	target string // host:port

	mu    sync.Mutex
	asked []string // method, what for, credentials
	names []string // for which TLS was asked (SNI)
}

func newRelay(t *testing.T, scheme string, target *httptest.Server) *relay {
	t.Helper()
	r := &relay{target: target.Listener.Addr().String()}
	r.server, _ = serve(t, r.serveHTTP)
	r.server.TLS = &tls.Config{
		ClientAuth: tls.RequestClientCert,
		GetConfigForClient: func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.names = append(r.names, hello.ServerName)
			return nil, nil
		},
	}
	if scheme == "https" {
		r.server.StartTLS()
	} else {
		r.server.Start()
	}
	return r
}

func (r *relay) serveHTTP(w http.ResponseWriter, req *http.Request) {
	user := req.Header.Get("Proxy-Authorization")
	if req.TLS != nil && len(req.TLS.PeerCertificates) > 0 {
		user += " and a certificate"
	}
	r.mu.Lock()
	r.asked = append(r.asked, req.Method+" "+req.RequestURI+" "+user)
	r.mu.Unlock()
	req.Header.Del("Proxy-Authorization") // it is the proxy's
	server, err := net.Dial("tcp", r.target)
	if err != nil {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	defer server.Close()
	if req.Method != http.MethodConnect {
		_ = req.WriteProxy(server)
		_, _ = io.Copy(struct{ io.Writer }{hijack(w)}, server)
		return
	}
	client := hijack(w)
	defer client.Close()
	_, _ = io.WriteString(client, "HTTP/1.1 200 Connection established\r\n\r\n")
	go func() { _, _ = io.Copy(server, client); _ = server.Close() }()
	_, _ = io.Copy(client, server)
}

func hijack(w http.ResponseWriter) net.Conn {
	c, _, _ := w.(http.Hijacker).Hijack()
	return c
}

// through is the proxy's URL with credentials.
func (r *relay) through(t *testing.T) func(*http.Request) (*url.URL, error) {
	t.Helper()
	u, err := url.Parse(r.server.URL)
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.UserPassword("us", "pw")
	return http.ProxyURL(u)
}

func trusting(s *httptest.Server) *tls.Config {
	pool := x509.NewCertPool()
	pool.AddCert(s.Certificate())
	return &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
}

// basic are the credentials us:pw.
const basic = "Basic dXM6cHc="

func TestProxyDelivers(t *testing.T) {
	for _, test := range []struct{ proxy, endpoint, asked string }{
		{"http", "http", "POST http://example.com/hook " + basic},
		{"http", "https", "CONNECT example.com:443 " + basic},
		{"https", "http", "POST http://example.com/hook " + basic},
		{"https", "https", "CONNECT example.com:443 " + basic},
	} {
		t.Run(test.endpoint+" through "+test.proxy, func(t *testing.T) {
			var got string
			endpoint, _ := serve(t, func(_ http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				got = r.Proto + " " + r.Host + " " + r.Header.Get("Proxy-Authorization") + string(body)
			})
			want, o := "HTTP/1.1 example.com {}", transport.Options{}
			if test.endpoint == "https" {
				endpoint.EnableHTTP2 = true
				endpoint.StartTLS()
				o.TLS, want = trusting(endpoint), "HTTP/2.0 example.com {}"
			} else {
				endpoint.Config.SetKeepAlivesEnabled(false)
				endpoint.Start()
			}
			proxy := newRelay(t, test.proxy, endpoint)
			o.Proxy = proxy.through(t)
			if test.proxy == "https" {
				o.ProxyTLS = trusting(proxy.server)
			}
			client := over(t, Options{}, o)
			if _, err := client.Deliver(t.Context(), to(test.endpoint+"://example.com/hook", "{}")); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]string{test.asked, want}, append(proxy.asked, got)); diff != "" {
				t.Errorf("what proxy and endpoint got (-want +got):\n%s", diff)
			}
		})
	}
}

// What the config says of the endpoint's TLS is not said of the proxy's: no skip, no other name, no
// client certificate.
func TestProxyHasTLSOfItsOwn(t *testing.T) {
	endpoint, _ := serve(t, func(http.ResponseWriter, *http.Request) {})
	endpoint.StartTLS()
	loose := &tls.Config{InsecureSkipVerify: true, ServerName: "inner.test", Certificates: endpoint.TLS.Certificates}
	for _, test := range []struct {
		name    string
		trusted bool
		want    []string
	}{
		{"unknown authority", false, nil},
		{"trusted", true, []string{"CONNECT example.com:443 " + basic}},
	} {
		t.Run(test.name, func(t *testing.T) {
			proxy := newRelay(t, "https", endpoint)
			o := transport.Options{TLS: loose, Proxy: proxy.through(t)}
			if test.trusted {
				o.ProxyTLS = trusting(proxy.server)
			}
			_, err := over(t, Options{}, o).Deliver(t.Context(), to("https://example.com/hook", "{}"))
			if !test.trusted {
				f := failureOf(t, err)
				if f.Kind != answer.Misconfigured || f.Attempts != 1 || !strings.Contains(f.Error(), "TLS with the proxy failed") {
					t.Errorf("%v after %d attempts: %v", f.Kind, f.Attempts, f)
				}
			} else if err != nil {
				t.Error(err)
			}
			if diff := cmp.Diff(test.want, proxy.asked); diff != "" {
				t.Errorf("requests (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff([]string{""}, proxy.names); diff != "" {
				t.Errorf("names asked for, an address has none (-want +got):\n%s", diff)
			}
		})
	}
}
