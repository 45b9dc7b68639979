package page

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// tokenCookie keeps the token after it was given once.
const tokenCookie = "receiver_token"

// contentPolicy lets the page load its own files and nothing else. Trusted types without a policy
// make the browser refuse to turn any string into markup.
const contentPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

// access decides who sees the page: on loopback a browser that asked for a name of this machine, so
// that no other site reaches the page by DNS rebinding; elsewhere whoever has the token. Scripts of
// other sites are refused in both cases.
type access struct {
	loopbackOnly bool
	token        string
	closing      <-chan struct{}
	next         http.Handler
	guesses      guesses
}

func (a *access) ServeHTTP(w http.ResponseWriter, req *http.Request) {
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
	default:
		a.admit(w, req)
	}
}

// loopbackNames lead to this machine whoever resolves them. Containers reach their host under the
// last two, which nobody can register.
var loopbackNames = []string{"localhost", "host.docker.internal", "host.containers.internal"}

// hostName returns the name or the address in a Host header, without its port.
func hostName(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return strings.ToLower(strings.Trim(host, "[]"))
}

// isLoopbackHost reports whether the sender asked for a name of this machine.
func isLoopbackHost(host string) bool {
	name := hostName(host)
	ip := net.ParseIP(name)
	return slices.Contains(loopbackNames, name) || ip != nil && ip.IsLoopback()
}

// Allowed reports whether a request to the endpoint may come from where it does: from no script,
// form or picture of another site, nor from a site whose name was made to lead here (DNS
// rebinding). Without remote it has to ask for a name of this machine. With it the names are not
// known, so a browser has to ask for an address, which cannot be rebound.
func Allowed(req *http.Request, remote bool) bool {
	site := req.Header.Get("Sec-Fetch-Site")
	browser := site != "" || req.Header.Get("Origin") != ""
	switch {
	case !sameOrigin(req) || site != "" && site != "same-origin" && site != "none":
		return false
	case isLoopbackHost(req.Host):
		return true
	}
	return remote && (!browser || net.ParseIP(hostName(req.Host)) != nil)
}

// sameOrigin reports whether no script or form of another site sent this. A link to the page
// carries no Origin and passes; what a page of another site loads by itself does not.
func sameOrigin(req *http.Request) bool {
	if http.NewCrossOriginProtection().Check(req) != nil {
		return false
	}
	site, mode := req.Header.Get("Sec-Fetch-Site"), req.Header.Get("Sec-Fetch-Mode")
	if (site == "cross-site" || site == "same-site") && mode != "navigate" {
		return false
	}
	origin := req.Header.Get("Origin")
	if origin == "" {
		return true
	}
	u, err := url.Parse(origin)
	return err == nil && u.Host == req.Host
}

// admit passes whoever has the token, or everybody if there is none.
func (a *access) admit(w http.ResponseWriter, req *http.Request) {
	inAddress := req.URL.Query().Get("token")
	given := tokensOf(req, inAddress)
	switch {
	case a.token == "" && a.loopbackOnly: // for others the page stays closed without a token
		a.next.ServeHTTP(w, req)
		return
	case len(given) == 0:
		http.Error(w, "This page asks for a token: open the address that the receiver printed at its start.", http.StatusUnauthorized)
		return
	}
	right := slices.ContainsFunc(given, a.matches)
	a.guesses.wait(req, right, a.closing)
	switch {
	case !right:
		http.Error(w, "This is not the token: open the address that the receiver printed at its start.", http.StatusUnauthorized)
	case inAddress != "":
		a.remember(w, req)
	default:
		a.next.ServeHTTP(w, req)
	}
}

// tokensOf returns the digests of the tokens that a request gives: in its address, its cookie or as
// a bearer token.
func tokensOf(req *http.Request, inAddress string) []string {
	var given []string
	if inAddress != "" {
		given = append(given, digest(inAddress))
	}
	if bearer, found := strings.CutPrefix(req.Header.Get("Authorization"), "Bearer "); found {
		given = append(given, digest(bearer))
	}
	if cookie, err := req.Cookie(tokenCookie); err == nil && cookie.Value != "" {
		given = append(given, cookie.Value)
	}
	return given
}

// digest is the form in which a cookie holds a token: cookies cannot hold every character.
func digest(token string) string {
	sum := sha256.Sum256([]byte("receiver-page:" + token))
	return hex.EncodeToString(sum[:])
}

// matches compares in constant time.
func (a *access) matches(given string) bool {
	return a.token != "" && subtle.ConstantTimeCompare([]byte(given), []byte(digest(a.token))) == 1
}

// remember moves the token to a cookie, because browsers keep addresses in their history.
func (a *access) remember(w http.ResponseWriter, req *http.Request) {
	http.SetCookie(w, &http.Cookie{
		Name: tokenCookie, Value: digest(a.token), Path: Path,
		HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
	http.Redirect(w, req, req.URL.Path, http.StatusSeeOther)
}
