package receiver_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

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
		"link of another site":        {"GET", "127.0.0.1:8080", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate"}, 200},
		"script of another site":      {"GET", "127.0.0.1:8080", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "no-cors"}, 403},
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
		s, err := receiver.Listen(t.Context(), addr, receiver.Options{AllowRemote: true, Token: "open sesame, please"})
		if err != nil {
			t.Fatal(err)
		}
		if !regexp.MustCompile(`^http://127\.0\.0\.1:\d+/_/\?token=open\+sesame%2C\+please$`).MatchString(s.PageURL()) {
			t.Errorf("listening on %s it prints %s", addr, s.PageURL())
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestPageAsksForTheToken(t *testing.T) {
	synctest.Test(t, pageAsksForTheToken)
}

func pageAsksForTheToken(t *testing.T) {
	r := receiver.New(receiver.Options{AllowRemote: true, Token: "open sesame, please"})
	const host = "receiver.example:8080"
	tests := map[string]struct {
		target, cookie string
		status         int
	}{
		"none":         {"/_/", "", 401},
		"empty":        {"/_/?token=", "receiver_token=", 401},
		"wrong":        {"/_/?token=open", "", 401},
		"wrong cookie": {"/_/", "receiver_token=sesame", 401},
		"token":        {"/_/", `receiver_token="open sesame, please"`, 401}, // a cookie holds its digest
		"data":         {"/_/requests/1", "", 401},
		"events":       {"/_/events", "", 401},
	}
	for name, tt := range tests {
		if resp := ask(r, "GET", tt.target, host, "", "Cookie", tt.cookie); resp.StatusCode != tt.status {
			t.Errorf("%s: status %d, want %d", name, resp.StatusCode, tt.status)
		}
	}
	if resp := ask(r, "POST", "/_/faults", host, `{"status":"503"}`); resp.StatusCode != 401 || r.Faults().Status != 0 {
		t.Errorf("faults set without a token: status %d, %+v", resp.StatusCode, r.Faults())
	}

	resp := ask(r, "GET", "/_/?token=open+sesame,+please", host, "")
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

// Whatever characters a token has, the address that is printed opens the page.
func TestEveryTokenOpensThePage(t *testing.T) {
	for _, token := range []string{`semicolon;;;;;;;;`, `"quoted" and "quoted"`, `back\\slash\\\\\\`, `spaces, and commas = &`, "ümläut ümläut ümlauts"} {
		s := listen(t, receiver.Options{AllowRemote: true, Token: token})
		resp := ask(s, "GET", strings.TrimPrefix(s.PageURL(), s.URL()), "any.example", "")
		if resp.StatusCode != 303 || len(resp.Cookies()) != 1 {
			t.Fatalf("token %s: status %d, cookies %v", token, resp.StatusCode, resp.Cookies())
		}
		cookie := resp.Cookies()[0]
		if again := ask(s, "GET", "/_/", "any.example", "", "Cookie", cookie.Name+"="+cookie.Value); again.StatusCode != 200 {
			t.Errorf("token %s: status %d with the cookie %v", token, again.StatusCode, cookie)
		}
	}
}

func TestWeakTokensAreRefused(t *testing.T) {
	for token, weak := range map[string]bool{
		"fifteen-letters": true, "aaaaaaaaaaaaaaaa": true, "                ": true, "abcabcabcabcabcabc": true, "passpasspasspass1": true,
		"a b c d e f g h ": true, "seven letters a\x00": true, "1234567890123456": false, "correct horse battery": false,
	} {
		s, err := receiver.Listen(t.Context(), "127.0.0.1:0", receiver.Options{Token: token})
		if err == nil {
			_ = s.Close()
		}
		if (err != nil) != weak {
			t.Errorf("%q: %v", token, err)
		}
		if err != nil && strings.Contains(err.Error(), token) {
			t.Errorf("the error shows the token: %v", err)
		}
	}
}

// from sends a token to the page from an address.
func from(r http.Handler, address, token string) int {
	req := httptest.NewRequest("GET", "http://any.example/_/", nil)
	req.RemoteAddr = address + ":1234"
	req.Header.Set("Authorization", "Bearer "+token)
	w := httptest.NewRecorder()
	r.ServeHTTP(w, req)
	return w.Code
}

// A wrong token is answered late, the later the more there are, from whatever addresses they come.
// The right one is never refused. To the address of wrong ones it is answered no sooner than they
// are, as the first answer would tell which one it is.
func TestGuessingIsSlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const token, guesses = "open sesame, please", 100
		r := receiver.New(receiver.Options{AllowRemote: true, Token: token})
		start, answers := time.Now(), make(chan int, guesses)
		for i := range guesses {
			go func() { answers <- from(r, fmt.Sprintf("192.0.2.%d", i%50), "guess") }()
		}
		synctest.Wait()
		if status := from(r, "198.51.100.7", token); status != 200 || time.Since(start) != 0 {
			t.Errorf("the right token from elsewhere: status %d after %v", status, time.Since(start))
		}
		if status := from(r, "192.0.2.1", token); status != 200 || time.Since(start) < 10*time.Second {
			t.Errorf("the right token from where wrong ones came: status %d after %v", status, time.Since(start))
		}
		for range guesses {
			if status := <-answers; status != 401 {
				t.Errorf("a wrong token: status %d", status)
			}
		}
		if waited := time.Since(start); waited < 10*time.Second || waited > 11*time.Second {
			t.Errorf("%d wrong tokens are answered after %v", guesses, waited)
		}
		start = time.Now()
		if status := from(r, "192.0.2.1", token); status != 200 || time.Since(start) != 0 {
			t.Errorf("the right token afterwards: status %d after %v", status, time.Since(start))
		}
		if status := from(r, "192.0.2.1", "guess"); status != 401 || time.Since(start) != time.Second {
			t.Errorf("one wrong token: status %d after %v", status, time.Since(start))
		}
	})
}

// Other sites cannot put requests into the receiver: neither by scripts, forms and pictures, nor by
// a name of theirs that leads to this machine.
func TestOtherSitesAreNotReceived(t *testing.T) {
	const local = "127.0.0.1:8080"
	browser := func(origin, site string) []string { return []string{"Origin", origin, "Sec-Fetch-Site", site} }
	tests := map[string]struct {
		host          string
		headers       []string
		alone, remote int // the status without --allow-remote, and with it
	}{
		"sender":                {local, nil, 200, 200},
		"IPv6":                  {"[::1]:8080", nil, 200, 200},
		"name":                  {"LocalHost:8080", nil, 200, 200},
		"container":             {"host.docker.internal:8080", nil, 200, 200},
		"script of the host":    {local, browser("http://"+local, "same-origin"), 200, 200},
		"address bar":           {local, []string{"Sec-Fetch-Site", "none"}, 200, 200},
		"foreign origin":        {local, []string{"Origin", "http://evil.example"}, 403, 403},
		"opaque origin":         {local, []string{"Origin", "null"}, 403, 403},
		"cross-site":            {local, []string{"Sec-Fetch-Site", "cross-site"}, 403, 403},
		"link":                  {local, []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate"}, 403, 403},
		"another port":          {local, []string{"Sec-Fetch-Site", "same-site"}, 403, 403},
		"rebound name, script":  {"evil.example", browser("http://evil.example", "same-origin"), 403, 403},
		"rebound name, old":     {"evil.example", []string{"Origin", "http://evil.example"}, 403, 403},
		"rebound name, picture": {"evil.example", []string{"Sec-Fetch-Site", "same-origin"}, 403, 403},
		"foreign name, program": {"receiver.example:8080", nil, 403, 200},
		"address, program":      {"192.0.2.7:8080", nil, 403, 200},
		"address, script":       {"192.0.2.7", browser("http://192.0.2.7", "same-origin"), 403, 200},
	}
	for name, tt := range tests {
		for _, method := range []string{"POST", "GET", "HEAD", "PUT"} {
			for remote, status := range map[bool]int{false: tt.alone, true: tt.remote} {
				r := receiver.New(receiver.Options{AllowRemote: remote})
				resp := ask(r, method, "/hook", tt.host, twoRows, tt.headers...)
				if kept := len(r.Requests()); resp.StatusCode != status || (kept == 1) != (status == 200) {
					t.Errorf("%s, %s, remote %v: status %d, want %d, %d requests kept", name, method, remote, resp.StatusCode, status, kept)
				}
			}
		}
	}
}
