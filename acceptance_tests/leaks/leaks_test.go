package leaks

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"destination-webhook/destination/racetest"
)

// The secrets of the configs. Each has characters that some form writes in another way.
var secrets = map[string]string{
	"authorization": `s3cr/et+of<the>"authorization"&header`,
	"api key":       `k3y/of+the<api>&"more"=`,
	"header":        `tenant<&>"header'+/value=7`,
	"path":          `T0ken-in-the-Path-0123456789`,
	"query":         `t0ken-in-the-query-0123456789`,
	"password":      `pa55w0rd<of>/basic+"credentials"`,
	"bearer":        `b3arer-token/of+the~config.0123`,
	"client secret": `cl1ent<secret>of/oauth2+"and"&more`,
	"access token":  `acc3ss-token/of+the~token.endpoint`,
	"signing":       `c2lnbmluZy1zZWNyZXQtb2YtdGhlLWNvbmZpZw==`,
	"previous":      `cHJldmlvdXMtc2lnbmluZy1zZWNyZXQtb2YtaXQ=`,
	"letters":       `l3tters<secret>"of"/the+second&endpoint`,
	"letters path":  `T0ken-of-the-Letters-0123456789`,
	"AWS key":       `wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY`,
	"AWS session":   `IQoJb3JpZ2luX2VjEXAMPLE/session+token==`,
	"database end":  `+of"the/database`,
	"proxy":         `pr0xy-password-0123456789`,
}

// unsent are secrets that no request has; an endpoint may know them anyway.
var unsent []string

// The client's key is made for each run; its first line is what is looked for.
var clientCertificate, clientKey = certificate()

func init() {
	secrets["client key"] = strings.Split(clientKey, "\n")[1]
	// The pair as it is sent, in base64.
	secrets["client's pair"] = "us:" + url.QueryEscape(secrets["client secret"])
	// A URL's ampersand ends what looks like a token.
	secrets["database"] = "p0stgres/pass<word>&" + secrets["database end"]
	unsent = []string{secrets["signing"], "whsec_" + secrets["previous"], clientKey, secrets["client key"]}
}

// place is the URL of a config, with tokens in path and query.
func place(address string) string {
	return address + "/hooks/" + secrets["path"] + "?key=" + secrets["query"]
}

// configFor sends to an address with fixed headers, signed, and puts rejected rows into a folder.
func configFor(address string) map[string]any {
	return map[string]any{
		"url": place(address), "api_key": secrets["api key"],
		"authorization_header": "Bearer " + secrets["authorization"],
		"headers":              []any{map[string]any{"name": "X-Tenant", "value": secrets["header"]}},
		"signing":              map[string]any{"secret": "whsec_" + secrets["signing"], "previous_secret": "whsec_" + secrets["previous"]},
		"tls":                  map[string]any{"client_certificate": clientCertificate, "client_key": clientKey},
		"on_rejected_rows":     "dead_letter",
		"dead_letter":          map[string]any{"type": "local"},
		"delivery": map[string]any{
			"request_timeout_seconds": 5, "max_concurrent_requests": 1,
			"retry": map[string]any{"max_attempts": 3, "initial_interval_ms": 1, "max_interval_seconds": 0.01},
		},
	}
}

// authenticated is configFor with credentials of another kind.
func authenticated(address string, authentication map[string]any) map[string]any {
	config := configFor(address)
	delete(config, "authorization_header")
	config["authentication"] = authentication
	return config
}

// requireNone fails if a text holds a secret in any form.
func requireNone(t *testing.T, text string) {
	t.Helper()
	require(t, text, secrets)
}

func require(t *testing.T, text string, secrets map[string]string) {
	t.Helper()
	for name, secret := range secrets {
		for trace, form := range traces(secret) {
			if strings.Contains(text, trace) {
				t.Errorf("the secret %s (%s) is shown", name, form)
			}
		}
	}
	if t.Failed() {
		t.Log(text)
	}
}

// run tries a config by check and by write.
func run(t *testing.T, config map[string]any, environment ...string) string {
	t.Helper()
	shown := output(t, "check", config, environment...) + output(t, "write", config, environment...)
	requireNone(t, shown)
	return shown
}

// starts are the forms with which an endpoint begins: each form has its turn in every second run,
// as each run makes two requests at least. With the race detector, which the program does not have,
// each call returns another third of them.
func starts() (starts []int) {
	step, first := 2, 0
	if racetest.Enabled {
		step, first = 6, 2*int(calls.Add(1)%3)
	}
	for ; first < len(forms); first += step {
		starts = append(starts, first)
	}
	return starts
}

// calls counts those of starts.
var calls atomic.Int64

// fails are the ways in which an endpoint fails a delivery. An echo that is shown is masked, so
// that the mask tells that it was there to be searched.
var fails = []struct {
	name   string
	masked bool
	answer func(http.ResponseWriter, *http.Request, string)
}{
	{"400", true, status(400)},
	{"401", true, status(401)},
	{"403", true, status(403)},
	{"404", true, status(404)},
	{"405", true, status(405)},
	{"413", true, status(413)},
	{"422", true, status(422)},
	{"429", true, status(429)},
	{"500", true, status(500)},
	{"503", true, status(503)},
	{"redirect", true, status(307)},
	{"redirect to a host", true, func(w http.ResponseWriter, _ *http.Request, echo string) {
		w.Header().Set("Location", "https://"+echo)
		w.WriteHeader(http.StatusTemporaryRedirect)
		fmt.Fprint(w, echo)
	}},
	{"verdict", true, func(w http.ResponseWriter, _ *http.Request, echo string) {
		text, _ := json.Marshal(echo)
		fmt.Fprintf(w, `{"rejected":[{"index":0,"reason":%s}]}`, text)
	}},
	{"no HTTP", true, raw("%s\n\n")},
	{"status line", false, raw("HTTP/1.1 500 %s\nContent-Length: 0\n\n")},
	{"broken status", true, raw("HTTP/1.1 5%s\n\n")},
	{"broken header", true, raw("HTTP/1.1 200 OK\nbroken %s\n\n")},
	{"broken length", true, raw("HTTP/1.1 200 OK\nContent-Length: %s\n\n")},
	{"broken encoding", true, raw("HTTP/1.1 200 OK\nTransfer-Encoding: %s\n\n")},
	{"half an answer", true, raw("HTTP/1.1 500 No\nContent-Length: 60000\n\n%s")},
	{"half a success", true, raw("HTTP/1.1 200 OK\nContent-Length: 60000\n\n%s")},
	{"more than was asked", false, raw("HTTP/1.1 200 OK\nContent-Length: 0\n\n%s")},
	{"broken off", false, raw("%.0s")},
}

func TestEndpointEchoesEverything(t *testing.T) {
	for _, fail := range fails {
		t.Run(fail.name, func(t *testing.T) {
			t.Parallel()
			masked := false
			for _, first := range starts() {
				shown := run(t, configFor(serve(t, &parrot{first: first, known: unsent, answer: fail.answer})))
				masked = masked || strings.Contains(shown, "[redacted]")
			}
			if fail.masked && !masked {
				t.Error("nothing was masked: the echo did not reach any output")
			}
		})
	}
}

// An answer that breaks off may end in the middle of a secret. Each request meets the next secret
// in the next form, without its last bytes.
func TestEndpointBreaksOffInASecret(t *testing.T) {
	var pieces []string
	for _, name := range []string{"authorization", "api key", "header", "signing"} {
		for _, form := range forms {
			text := form.write(secrets[name])
			if form.name == "base64 inside" { // what is cut off there is more than the secret's last bytes
				continue
			}
			pieces = append(pieces, text[:len(text)-3])
		}
	}
	for name, format := range map[string]string{
		"body":   "HTTP/1.1 400 No\nContent-Length: 60000\n\nyou sent %s",
		"chunk":  "HTTP/1.1 500 No\nTransfer-Encoding: chunked\n\nffff\nyou sent %s",
		"header": "HTTP/1.1 200 OK\nyou sent %s",
		"line":   "%s",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var n atomic.Int64
			config := configFor(serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				raw(format)(w, r, pieces[int(n.Add(1)-1)%len(pieces)])
			})))
			config["delivery"].(map[string]any)["retry"].(map[string]any)["max_attempts"] = len(pieces)
			shown := run(t, config)
			if n := int(n.Load()); n < len(pieces) || !strings.Contains(shown, "[redacted]") {
				t.Errorf("%d requests of %d, or nothing was masked: %s", n, len(pieces), shown)
			}
			for _, piece := range pieces {
				if strings.Contains(shown, piece) || strings.Contains(shown, quoted(piece)) {
					t.Errorf("half a secret is shown: %s", piece)
				}
			}
		})
	}
}

func TestShortSecretsComeBack(t *testing.T) {
	short := map[string]string{"token": "p4ssw0r", "query": "ab34e", "key": `k3y"&`}
	for _, first := range starts() {
		address := serve(t, &parrot{first: first, answer: status(401)})
		config := map[string]any{"url": address + "/hook?k=" + short["query"], "authorization_header": "Bearer " + short["token"], "api_key": short["key"]}
		shown := output(t, "check", config) + output(t, "write", config)
		require(t, shown, short)
		if !strings.Contains(shown, "[redacted]") {
			t.Errorf("nothing was masked: %s", shown)
		}
	}
}

func TestCredentialsComeBack(t *testing.T) {
	keys := []string{"AWS_ACCESS_KEY_ID=AKIAEXAMPLE0123", "AWS_SECRET_ACCESS_KEY=" + secrets["AWS key"], "AWS_SESSION_TOKEN=" + secrets["AWS session"]}
	for _, test := range []struct {
		name           string
		authentication map[string]any
		environment    []string
		known          []string // not sent, but by a signature
	}{
		{"basic", map[string]any{"type": "basic", "user": "bob", "password": secrets["password"]}, nil, nil},
		{"bearer", map[string]any{"type": "bearer", "token": secrets["bearer"]}, nil, nil},
		{"keys of the config", map[string]any{
			"type": "aws_sigv4", "service": "execute-api", "region": "eu-west-1",
			"access_key_id": "AKIAEXAMPLE0123", "secret_access_key": secrets["AWS key"], "session_token": secrets["AWS session"],
		}, nil, []string{secrets["AWS key"]}},
		{"keys of the environment", map[string]any{"type": "aws_sigv4", "service": "execute-api", "region": "eu-west-1"}, keys, []string{secrets["AWS key"]}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			for _, first := range starts() {
				p := &parrot{first: first, known: test.known, answer: status(401)}
				shown := run(t, authenticated(serve(t, p), test.authentication), test.environment...)
				if !strings.Contains(shown, "[redacted]") {
					t.Errorf("nothing was masked: %s", shown)
				}
			}
		})
	}
}

func TestTokenEndpointEchoesEverything(t *testing.T) {
	for _, style := range []string{"header", "body"} {
		for name, answer := range map[string]func(http.ResponseWriter, *http.Request, string){
			"400": status(400), "500": status(500), "redirect": status(307), "no token": status(200), "no HTTP": raw("%s\n\n"), "broken off": raw("%.0s"),
			"error code": func(w http.ResponseWriter, _ *http.Request, echo string) {
				text, _ := json.Marshal(echo)
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(http.StatusUnauthorized)
				fmt.Fprintf(w, `{"error":%s,"error_description":%[1]s,"error_uri":%[1]s}`, text)
			},
			"error code alone": func(w http.ResponseWriter, r *http.Request, _ string) {
				_, credentials, _ := strings.Cut(r.Header.Get("Authorization"), " ")
				text, _ := json.Marshal(credentials + r.PostForm.Get("client_secret"))
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(http.StatusUnauthorized)
				fmt.Fprintf(w, `{"error":%s}`, text)
			},
			"token": func(w http.ResponseWriter, _ *http.Request, _ string) {
				w.Header().Set("Content-Type", "application/json")
				fmt.Fprintf(w, `{"token_type":"Bearer","expires_in":3600,"access_token":%q}`, secrets["access token"])
			},
		} {
			t.Run(style+", "+name, func(t *testing.T) {
				t.Parallel()
				for _, first := range starts() {
					tokens := serve(t, &parrot{first: first, answer: answer})
					endpoint := serve(t, &parrot{first: first, answer: status(401)})
					run(t, authenticated(endpoint, map[string]any{
						"type": "oauth2_client_credentials", "token_url": place(tokens), "client_id": "us", "client_secret": secrets["client secret"], "style": style,
					}))
				}
			})
		}
	}
}

func TestSecondEndpointEchoesEverything(t *testing.T) {
	for _, first := range starts() {
		letters := serve(t, &parrot{first: first, answer: status(400)})
		config := configFor(serve(t, &parrot{first: first, answer: status(422)}))
		config["dead_letter"] = map[string]any{
			"type": "webhook", "url": letters + "/" + secrets["letters path"], "authorization_header": "Bearer " + secrets["letters"],
		}
		if shown := run(t, config); !strings.Contains(shown, "[redacted]") {
			t.Errorf("nothing was masked: %s", shown)
		}
	}
}

func TestBucketEchoesEverything(t *testing.T) {
	for _, field := range []string{"dead_letter", "snapshot", "report"} {
		t.Run(field, func(t *testing.T) {
			t.Parallel()
			for _, first := range starts() {
				service := serve(t, &parrot{first: first, known: []string{secrets["AWS key"]}, answer: func(w http.ResponseWriter, _ *http.Request, echo string) {
					w.WriteHeader(http.StatusForbidden)
					fmt.Fprintf(w, "<Error><Code>%s</Code><Message><![CDATA[%[1]s]]></Message></Error>", echo)
				}})
				config := configFor(serve(t, &parrot{answer: status(422)}))
				config[field] = map[string]any{
					"type": "s3", "endpoint": service, "bucket": "rows", "region": "eu-west-1", "access_key_id": "AKIAEXAMPLE0123", "secret_access_key": secrets["AWS key"],
				}
				run(t, config)
			}
		})
	}
}

// The names below do not exist: only the proxy is dialled.
func TestProxyEchoesEverything(t *testing.T) {
	for _, scheme := range []string{"http", "https"} {
		for _, first := range starts() {
			proxy := serve(t, &parrot{first: first, known: []string{secrets["proxy"]}, answer: status(http.StatusProxyAuthRequired)})
			through := strings.Replace(proxy, "://", "://us:"+secrets["proxy"]+"@", 1)
			run(t, configFor(scheme+"://endpoint.invalid"), "HTTP_PROXY="+through, "HTTPS_PROXY="+through)
		}
	}
	run(t, configFor("http://endpoint.invalid"), "HTTP_PROXY=http://us:"+secrets["proxy"]+"@127.0.0.1:port")
}

func TestNobodyAnswers(t *testing.T) {
	plain := serve(t, &parrot{answer: status(200)})
	for name, address := range map[string]string{"refused": nobody(t), "no TLS": strings.Replace(plain, "http", "https", 1)} {
		t.Run(name, func(t *testing.T) { run(t, configFor(address)) })
	}
}

func TestPreviewShowsNoSecret(t *testing.T) {
	shown := output(t, "preview", configFor("https://endpoint.invalid"))
	requireNone(t, shown)
	if !strings.Contains(shown, "[redacted]") {
		t.Errorf("the preview has no request: %s", shown)
	}
	broken := configFor("https://endpoint.invalid")
	broken["url"] = 7
	requireNone(t, output(t, "preview", broken)+output(t, "write", broken)+output(t, "check", broken))
}
