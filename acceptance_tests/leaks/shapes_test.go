package leaks

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"
)

// token is the secret in every shape.
const token = "Tok3n-of_the.Shape42"

func header(name, value string) map[string]any {
	return map[string]any{"headers": []any{map[string]any{"name": name, "value": value}}}
}

func basic(credentials string) map[string]any {
	return map[string]any{"authorization_header": "Basic " + base64.RawURLEncoding.EncodeToString([]byte(credentials))}
}

func authentication(user, password string) map[string]any {
	return map[string]any{"authentication": map[string]any{"type": "basic", "user": user, "password": password}}
}

// shapes are the ways in which a config can contain a token. url follows the endpoint's address. To
// cover another shape add a line.
var shapes = map[string]struct {
	url    string
	config map[string]any
}{
	"Bearer":                  {"/hook", map[string]any{"authorization_header": "Bearer " + token}},
	"Token token=":            {"/hook", map[string]any{"authorization_header": `Token token="` + token + `"`}},
	"SharedAccessSignature":   {"/hook", map[string]any{"authorization_header": "SharedAccessSignature sr=ex.net&sig=" + token + "&se=1700000000"}},
	"Basic, unpadded":         {"/hook", basic("joe:" + token)},
	"Basic, without password": {"/hook", basic(token + ":")},
	"Basic, a key as user":    {"/hook", authentication(token, "x")},
	"Basic, no password":      {"/hook", authentication(token, "")},
	"user:key":                {"/hook", map[string]any{"api_key": "joe:" + token}},
	"Cookie":                  {"/hook", header("Cookie", "theme=dark; sid="+token)},
	"JSON":                    {"/hook", header("X-Account", `{"id":7,"key":"`+token+`"}`)},
	"User-Agent":              {"/hook", header("User-Agent", token)},
	"query value":             {"/hook?token=" + token + "&v=2", nil},
	"query, semicolons":       {"/hook?token=" + token + ";v=2", nil},
	"query name":              {"/hook?" + token, nil},
	"query, wrong escape":     {"/hook?token=p%zz&t=" + token, nil},
	"path":                    {"/hooks/" + token + "/in", nil},
	"path after a word":       {"/bot" + token + "/send", nil},
	"path with an extension":  {"/hooks/" + token + ".json", nil},
}

// channels are the ways by which what an endpoint says comes out. To cover another channel add a
// line.
var channels = map[string]func(http.ResponseWriter, *http.Request, string){
	"refusal that ends the sync":  status(401),
	"excerpt, Location and Allow": status(405),
	"dead letter":                 status(422),
	"retry":                       status(503),
	"redirect":                    status(307),
	"broken header":               raw("HTTP/1.1 200 OK\nbroken %s\n\n"),
	"no HTTP":                     raw("%s\n\n"),
	"half an answer":              raw("HTTP/1.1 500 No\nContent-Length: 60000\n\n%s"),
	"verdict": func(w http.ResponseWriter, _ *http.Request, echo string) {
		text, _ := json.Marshal(echo)
		fmt.Fprintf(w, `{"rejected":[{"index":0,"reason":%s}]}`, text)
	},
}

// Every shape of a token in all forms by every channel.
func TestShapesComeBack(t *testing.T) {
	for name, shape := range shapes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for channel, answer := range channels {
				config := map[string]any{
					"url":              serve(t, &chorus{token, answer}) + shape.url,
					"on_rejected_rows": "dead_letter", "dead_letter": map[string]any{"type": "local"},
					"delivery": map[string]any{"max_concurrent_requests": 1, "retry": map[string]any{
						"max_attempts": 2, "initial_interval_ms": 1, "max_interval_seconds": 0.001}},
				}
				maps.Copy(config, shape.config)
				shown := output(t, "write", config)
				require(t, shown, map[string]string{name + " by " + channel: token})
				if !strings.Contains(shown, "[redacted]") {
					t.Errorf("%s: nothing was masked: the echo did not reach the output", channel)
				}
				if channel == "retry" {
					require(t, output(t, "check", config)+output(t, "preview", config), map[string]string{name + " by a command": token})
				}
			}
		})
	}
}
