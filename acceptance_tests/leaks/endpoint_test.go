package leaks

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
)

// told is what a request gave away, one item after the other.
func told(r *http.Request) []string {
	_ = r.ParseForm() // a token request has its secret in the body
	items := []string{r.URL.Path, r.URL.RawQuery, r.RequestURI}
	for _, name := range []string{"Authorization", "X-Api-Key", "X-Tenant", "Webhook-Signature", "X-Amz-Security-Token", "Proxy-Authorization", "Cookie", "X-Account", "User-Agent"} {
		if value := r.Header.Get(name); value != "" {
			_, credentials, _ := strings.Cut(value, " ")
			items = append(items, value, credentials)
		}
	}
	if user, password, ok := r.BasicAuth(); ok {
		items = append(items, user+":"+password, password)
	}
	for _, values := range r.PostForm {
		items = append(items, values...)
	}
	return items
}

// parrot answers with what it was told, each request in the next form, and with secrets that it
// knows from elsewhere.
type parrot struct {
	requests atomic.Int64
	first    int // the form of the first request
	known    []string
	answer   func(w http.ResponseWriter, r *http.Request, echo string)
}

func (p *parrot) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	form := forms[(p.first+int(p.requests.Add(1))-1)%len(forms)]
	var echo []string
	for _, item := range append(told(r), p.known...) {
		echo = append(echo, form.write(item))
	}
	_, _ = io.Copy(io.Discard, r.Body)
	p.answer(w, r, strings.Join(echo, " "))
}

// chorus answers with what it was told, and with a secret in all forms at once.
type chorus struct {
	secret string
	answer func(w http.ResponseWriter, r *http.Request, echo string)
}

func (c *chorus) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	echo := told(r)
	for _, form := range forms {
		echo = append(echo, form.write(c.secret))
	}
	_, _ = io.Copy(io.Discard, r.Body)
	c.answer(w, r, strings.Join(echo, " "))
}

// serve starts a server and returns its address.
func serve(t *testing.T, h http.Handler) string {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return server.URL
}

// status answers with a status, and the echo in header and body.
func status(code int) func(http.ResponseWriter, *http.Request, string) {
	return func(w http.ResponseWriter, _ *http.Request, echo string) {
		w.Header().Set("Location", "/moved?"+echo)
		w.Header().Set("Allow", echo)
		w.Header().Set("Retry-After", "0")
		w.WriteHeader(code)
		fmt.Fprint(w, echo)
	}
}

// raw answers with bytes of its own choice, in which %s is the echo, and ends the connection.
func raw(format string) func(http.ResponseWriter, *http.Request, string) {
	return func(w http.ResponseWriter, _ *http.Request, echo string) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			panic(err)
		}
		defer func() { _ = conn.Close() }()
		_, _ = fmt.Fprintf(conn, strings.ReplaceAll(format, "\n", "\r\n"), echo)
	}
}

// nobody is an address at which nothing listens.
func nobody(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return "http://" + listener.Addr().String()
}
