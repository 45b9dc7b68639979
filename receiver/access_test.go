package receiver_test

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"destination-webhook/receiver"
)

// ask sends one request to the page of a Receiver, without a network.
func ask(h http.Handler, method, target, host, body string, headers ...string) *http.Response {
	req := httptest.NewRequest(method, target, strings.NewReader(body))
	req.Host = host
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, req)
	return w.Result()
}

func TestPageAnswersToThisMachineOnly(t *testing.T) {
	tests := map[string]struct {
		method, host string
		headers      []string
		status       int
	}{
		"address":                     {"GET", "127.0.0.1:8080", nil, 200},
		"another loopback address":    {"GET", "127.0.0.2", nil, 200},
		"IPv6":                        {"GET", "[::1]:8080", nil, 200},
		"name":                        {"GET", "localhost:8080", nil, 200},
		"rebound name":                {"GET", "evil.example:8080", nil, 403},
		"name that begins like ours":  {"GET", "127.0.0.1.evil.example", nil, 403},
		"no host":                     {"GET", "", nil, 403},
		"own origin":                  {"GET", "127.0.0.1:8080", []string{"Origin", "http://127.0.0.1:8080"}, 200},
		"other origin":                {"GET", "127.0.0.1:8080", []string{"Origin", "http://evil.example"}, 403},
		"other port":                  {"GET", "127.0.0.1:8080", []string{"Origin", "http://127.0.0.1:9090"}, 403},
		"no origin at all":            {"GET", "127.0.0.1:8080", []string{"Origin", "null"}, 403},
		"form of the page":            {"POST", "127.0.0.1:8080", []string{"Origin", "http://127.0.0.1:8080", "Sec-Fetch-Site", "same-origin"}, 200},
		"form of another site":        {"POST", "127.0.0.1:8080", []string{"Sec-Fetch-Site", "cross-site"}, 403},
		"form of a site of this name": {"POST", "127.0.0.1:8080", []string{"Sec-Fetch-Site", "same-site"}, 403},
		"form from a rebound name":    {"POST", "evil.example", []string{"Origin", "http://evil.example", "Sec-Fetch-Site", "same-origin"}, 403},
		"form by curl":                {"POST", "127.0.0.1:8080", nil, 200},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := receiver.New(receiver.Options{})
			target := "/_/"
			if tt.method == "POST" {
				target = "/_/faults"
			}
			resp := ask(r, tt.method, target, tt.host, `{"status":"503"}`, tt.headers...)
			if resp.StatusCode != tt.status {
				t.Errorf("status %d, want %d", resp.StatusCode, tt.status)
			}
			if set := r.Faults().Status == 503; set != (tt.method == "POST" && tt.status == 200) {
				t.Errorf("faults %+v", r.Faults())
			}
			if policy := resp.Header.Get("Content-Security-Policy"); !strings.HasPrefix(policy, "default-src 'none'; script-src 'self';") {
				t.Errorf("policy %q", policy)
			}
		})
	}
}

// What is printed has to open in a browser: 0.0.0.0 and [::] do not.
func TestAddressCanBeOpened(t *testing.T) {
	for _, addr := range []string{"0.0.0.0:0", "[::]:0", ":0"} {
		s, err := receiver.Listen(t.Context(), addr, receiver.Options{AllowRemote: true, Token: "open sesame"})
		if err != nil {
			t.Fatal(err)
		}
		if !regexp.MustCompile(`^http://127\.0\.0\.1:\d+/_/\?token=open\+sesame$`).MatchString(s.PageURL()) {
			t.Errorf("listening on %s it prints %s", addr, s.PageURL())
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestPageAsksForTheToken(t *testing.T) {
	r := receiver.New(receiver.Options{AllowRemote: true, Token: "open sesame"})
	const host = "receiver.example:8080"
	tests := map[string]struct {
		target, cookie string
		status         int
	}{
		"none":         {"/_/", "", 401},
		"empty":        {"/_/?token=", "receiver_token=", 401},
		"wrong":        {"/_/?token=open", "", 401},
		"wrong cookie": {"/_/", "receiver_token=sesame", 401},
		"cookie":       {"/_/", `receiver_token="open sesame"`, 200},
		"data":         {"/_/requests/1", "", 401},
		"events":       {"/_/events", "", 401},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if resp := ask(r, "GET", tt.target, host, "", "Cookie", tt.cookie); resp.StatusCode != tt.status {
				t.Errorf("status %d, want %d", resp.StatusCode, tt.status)
			}
		})
	}
	if resp := ask(r, "POST", "/_/faults", host, `{"status":"503"}`); resp.StatusCode != 401 || r.Faults().Status != 0 {
		t.Errorf("faults set without a token: status %d, %+v", resp.StatusCode, r.Faults())
	}

	resp := ask(r, "GET", "/_/?token=open+sesame", host, "")
	if resp.StatusCode != 303 || resp.Header.Get("Location") != "/_/" {
		t.Fatalf("status %d, location %q", resp.StatusCode, resp.Header.Get("Location"))
	}
	cookie := resp.Cookies()[0]
	if !cookie.HttpOnly || cookie.SameSite != http.SameSiteLaxMode || cookie.Path != "/_/" {
		t.Errorf("cookie %v", cookie)
	}
	if again := ask(r, "GET", "/_/", host, "", "Cookie", cookie.Name+`="`+cookie.Value+`"`); again.StatusCode != 200 {
		t.Errorf("status %d with the cookie", again.StatusCode)
	}
}

func TestRemotePageStaysShutWithoutToken(t *testing.T) {
	r := receiver.New(receiver.Options{AllowRemote: true})
	for _, target := range []string{"/_/", "/_/?token="} {
		if resp := ask(r, "GET", target, "127.0.0.1", "", "Cookie", "receiver_token="); resp.StatusCode != 401 {
			t.Errorf("%s: status %d", target, resp.StatusCode)
		}
	}
}

func TestListenMakesUpAToken(t *testing.T) {
	s := listen(t, receiver.Options{AllowRemote: true})
	_, token, found := strings.Cut(s.PageURL(), "/_/?token=")
	if !found || len(token) < 26 { // 128 bits in base32
		t.Fatalf("page at %s", s.PageURL())
	}
	resp := ask(s, "GET", "/_/?token="+token, "any.example", "")
	if resp.StatusCode != 303 {
		t.Errorf("status %d", resp.StatusCode)
	}
	if local := listen(t, receiver.Options{}); local.PageURL() != local.URL()+"/_/" {
		t.Errorf("on loopback the page is at %s", local.PageURL())
	}
}

func TestListenRefusesBrokenSecrets(t *testing.T) {
	if s, err := receiver.Listen(t.Context(), "127.0.0.1:0", receiver.Options{SigningSecrets: []string{"whsec_hush!"}}); err == nil {
		_ = s.Close()
		t.Error("listens")
	} else if strings.Contains(err.Error(), "hush") {
		t.Errorf("the error tells the secret: %v", err)
	}
}

func TestAPersonIsLedToThePage(t *testing.T) {
	r := receiver.New(receiver.Options{})
	resp := ask(r, "GET", "/", "127.0.0.1", "", "Accept", "text/html,*/*")
	if resp.StatusCode != 303 || resp.Header.Get("Location") != "/_/" || r.Totals().Requests != 0 {
		t.Errorf("status %d, %+v", resp.StatusCode, r.Totals())
	}
}
