package page

import (
	"crypto/sha256"
	"crypto/subtle"
	"net"
	"net/http"
	"net/url"
	"strings"
)

// tokenCookie keeps the token after it was given once.
const tokenCookie = "receiver_token"

// contentPolicy lets the page load its own files and nothing else. Trusted types without a policy make
// the browser refuse to turn any string into markup.
const contentPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

// access decides who sees the page: on loopback a browser that asked for a name of this machine, so
// that no other site reaches the page by DNS rebinding; elsewhere whoever has the token. Scripts of
// other sites are refused in both cases.
type access struct {
	loopbackOnly bool
	token        string
	next         http.Handler
}

func (a access) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", contentPolicy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer") // the first address contains the token
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")

	switch {
	case a.loopbackOnly && !isLoopbackHost(req.Host):
		http.Error(w, "This page answers to names of this machine only: open it at 127.0.0.1.", http.StatusForbidden)
	case !sameOrigin(req):
		http.Error(w, "Another site asked for this.", http.StatusForbidden)
	case a.open(req):
		a.next.ServeHTTP(w, req)
	case a.matches(req.URL.Query().Get("token")):
		a.remember(w, req)
	default:
		http.Error(w, "This page asks for a token: open the address that the receiver printed at its start.", http.StatusUnauthorized)
	}
}

// isLoopbackHost reports whether the browser asked for a name of this machine.
func isLoopbackHost(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// sameOrigin reports whether no script or form of another site sent this. A link to the page carries
// no Origin and passes.
func sameOrigin(req *http.Request) bool {
	if http.NewCrossOriginProtection().Check(req) != nil {
		return false
	}
	origin := req.Header.Get("Origin")
	if origin == "" {
		return true
	}
	u, err := url.Parse(origin)
	return err == nil && u.Host == req.Host
}

func (a access) open(req *http.Request) bool {
	if a.token == "" {
		return a.loopbackOnly // for others the page stays closed without a token
	}
	cookie, err := req.Cookie(tokenCookie)
	return err == nil && a.matches(cookie.Value)
}

// matches compares in constant time, whatever the lengths.
func (a access) matches(token string) bool {
	given, want := sha256.Sum256([]byte(token)), sha256.Sum256([]byte(a.token))
	return a.token != "" && subtle.ConstantTimeCompare(given[:], want[:]) == 1
}

// remember moves the token to a cookie, because browsers keep addresses in their history.
func (a access) remember(w http.ResponseWriter, req *http.Request) {
	http.SetCookie(w, &http.Cookie{
		Name: tokenCookie, Value: a.token, Path: Path,
		HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
	http.Redirect(w, req, req.URL.Path, http.StatusSeeOther)
}
