package answer

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

func TestClassify(t *testing.T) {
	for _, test := range []struct {
		from, to int
		want     Kind
	}{
		{300, 399, Misconfigured},
		{400, 400, Refused},
		{401, 401, Misconfigured},
		{402, 402, Refused},
		{403, 405, Misconfigured},
		{406, 406, Refused},
		{407, 407, Misconfigured},
		{408, 408, Transient},
		{409, 409, Refused},
		{410, 410, Misconfigured},
		{411, 412, Refused},
		{413, 413, TooLarge},
		{414, 414, Refused},
		{415, 415, Misconfigured},
		{416, 424, Refused},
		{425, 425, Transient},
		{426, 428, Refused},
		{429, 429, Transient},
		{430, 499, Refused},
		{500, 500, Transient},
		{501, 501, Misconfigured},
		{502, 504, Transient},
		{505, 505, Misconfigured},
		{506, 599, Transient},
		{101, 101, Misconfigured},
		{600, 999, Misconfigured},
	} {
		for status := test.from; status <= test.to; status++ {
			got := classify(status, nil, plain)
			if got.Kind != test.want {
				t.Errorf("%d is %v, want %v", status, got.Kind, test.want)
			}
			if !strings.Contains(got.Advice, fmt.Sprintf("(%d)", status)) {
				t.Errorf("the advice for %d does not name it: %s", status, got.Advice)
			}
		}
	}
}

func TestClassifyShowsWhatTheHeaderSays(t *testing.T) {
	for _, test := range []struct {
		status int
		header [2]string
		want   string
		not    string
	}{
		{405, [2]string{"Allow", "GET, PUT"}, ": GET, PUT", ""},
		{302, [2]string{"Location", "https://user:secret@login.test:8443/path?token=secret"}, "https://login.test:8443;", "secret"},
		{307, [2]string{"Location", "//cdn.test/secret"}, "cdn.test;", "secret"},
		{308, [2]string{"Location", "/secret"}, "another path of the same host", "secret"},
		{304, [2]string{}, "Not modified (304): this is an answer to GET alone", ""},
		{302, [2]string{}, "(302), and this one does not say where it leads", ""},
		{401, [2]string{}, "signing.secret", ""},
		{301, [2]string{"Location", "http://[secret"}, "cannot be parsed", "secret"},
		{405, [2]string{"Allow", strings.Repeat("x", 95) + "hunter2/and+more"}, "x[r…", "hunt"},
		{301, [2]string{"Location", "https://hunter2/and+more/path"}, "a URL that holds a secret", "hunt"},
		{301, [2]string{"Location", "https://hunter2.example"}, "a URL that holds a secret", "hunt"},
		{301, [2]string{"Location", "https://login.test/?was=hunter2/and+more"}, "https://login.test;", "hunt"},
	} {
		h := http.Header{test.header[0]: {test.header[1]}}
		got := classify(test.status, h, masks("hunter2/and+more", "hunter2")).Advice
		if !strings.Contains(got, test.want) {
			t.Errorf("%d %v: %q does not contain %q", test.status, h, got, test.want)
		}
		if test.not != "" && strings.Contains(got, test.not) {
			t.Errorf("%d %v: %q contains %q", test.status, h, got, test.not)
		}
	}
}

// masks returns a function that masks some secrets.
func masks(secrets ...string) func(string) string {
	return func(s string) string {
		for _, secret := range secrets {
			s = strings.ReplaceAll(s, secret, "[redacted]")
		}
		return s
	}
}

func plain(s string) string { return s }
