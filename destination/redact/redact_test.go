package redact_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"log/slog"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"

	"destination-webhook/destination/redact"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"
)

const value = `s3cr+t/"väl<ue>&?`

func TestSecretNeverPrints(t *testing.T) {
	secret := redact.Secret(value)
	holder := struct {
		Key  redact.Secret
		List []redact.Secret
		Map  map[string]redact.Secret
	}{secret, []redact.Secret{secret}, map[string]redact.Secret{"a": secret}}

	var shown []string
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%10s"} {
		shown = append(shown, fmt.Sprintf(verb, secret), fmt.Sprintf(verb, &secret), fmt.Sprintf(verb, holder))
	}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("secret", "key", secret, "holder", holder)
	slog.New(slog.NewTextHandler(&log, nil)).Info("secret", "key", secret, "holder", holder)
	shown = append(shown, log.String(), fmt.Sprint(secret), fmt.Errorf("a %w b %v", fmt.Errorf("%v", secret), holder).Error())
	for _, marshal := range []func(any) ([]byte, error){
		json.Marshal,
		func(v any) ([]byte, error) { return jsonv2.Marshal(v) },
	} {
		encoded, err := marshal(holder)
		if err != nil {
			t.Fatal(err)
		}
		shown = append(shown, string(encoded))
	}
	for _, text := range shown {
		for _, leak := range []string{"s3cr", hex.EncodeToString([]byte("s3cr")), "ue>"} {
			if strings.Contains(strings.ToLower(text), leak) {
				t.Errorf("shows %q: %s", leak, text)
			}
		}
	}
	if secret.Reveal() != value {
		t.Errorf("Reveal() = %q", secret.Reveal())
	}
}

func TestSecretDecodesFromPlainString(t *testing.T) {
	for name, unmarshal := range map[string]func([]byte, any) error{
		"encoding/json": json.Unmarshal,
		"json v2":       func(b []byte, v any) error { return jsonv2.Unmarshal(b, v) },
	} {
		var holder struct{ Key redact.Secret }
		if err := unmarshal([]byte(`{"Key":"plain \u0041"}`), &holder); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if holder.Key.Reveal() != "plain A" {
			t.Errorf("%s: got %q", name, holder.Key.Reveal())
		}
	}
}

func TestRedactorMasks(t *testing.T) {
	redactor := redact.New(value, "Bearer abcdefgh1234", "Basic "+basic("joe", "open sesame"), "whsec_MfKQ9r8GKYqrTwjUPD8ILPZI", "-----BEGIN KEY-----\nMIIEvQIBADANBgkq\nhkiG9w0BAQEFAASC\n-----END KEY-----\n")
	jsonForm, _ := json.Marshal(value)
	tests := map[string]string{
		"plain":           value,
		"base64":          base64.StdEncoding.EncodeToString([]byte(value)),
		"base64 raw":      base64.RawStdEncoding.EncodeToString([]byte(value)),
		"base64 url":      base64.URLEncoding.EncodeToString([]byte(value)),
		"base64 raw url":  base64.RawURLEncoding.EncodeToString([]byte(value)),
		"query":           url.QueryEscape(value),
		"path":            url.PathEscape(value),
		"json":            strings.Trim(string(jsonForm), `"`),
		"html":            html.EscapeString(value),
		"quoted":          strings.Trim(strconv.Quote(value), `"`),
		"whole header":    "Bearer abcdefgh1234",
		"token alone":     "abcdefgh1234",
		"token in base64": base64.StdEncoding.EncodeToString([]byte("abcdefgh1234")),
		"basic decoded":   "joe:open sesame",
		"basic password":  "open sesame",
		"signing key":     "MfKQ9r8GKYqrTwjUPD8ILPZI",
		"line of a key":   "hkiG9w0BAQEFAASC",
	}
	for name, text := range tests {
		t.Run(name, func(t *testing.T) {
			want := "before " + redact.Mask + " after"
			if diff := cmp.Diff(want, redactor.String("before "+text+" after")); diff != "" {
				t.Errorf("String (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(want, string(redactor.Bytes([]byte("before "+text+" after")))); diff != "" {
				t.Errorf("Bytes (-want +got):\n%s", diff)
			}
		})
	}
}

func TestRedactorMasksLowerCasePercent(t *testing.T) {
	if got := redact.New("a/b?c=d").String("a%2fb%3fc=d"); got != redact.Mask {
		t.Errorf("got %q", got)
	}
}

// A password inside "user:password" starts at any byte of a base64 group.
func TestRedactorMasksInsideBase64(t *testing.T) {
	const password = "correct-horse-battery"
	redactor := redact.New(password)
	for _, user := range []string{"", "a", "ab", "abc", "abcd"} {
		for _, tail := range []string{"", "x", "xy"} {
			text := base64.StdEncoding.EncodeToString([]byte(user + password + tail))
			got := redactor.String(text)
			if !strings.Contains(got, redact.Mask) || len(got) > len(user)*2+len(redact.Mask)+8 {
				t.Errorf("%q + password + %q: %s became %s", user, tail, text, got)
			}
		}
	}
}

func TestRedactorMasksTheLongestFirst(t *testing.T) {
	if got := redact.New("abcd", "abcdefgh").String("x abcdefgh y"); got != "x "+redact.Mask+" y" {
		t.Errorf("got %q", got)
	}
}

func TestRedactorLeavesTheRest(t *testing.T) {
	short := redact.New("", "abc", "\n")
	for name, redactor := range map[string]*redact.Redactor{"nil": nil, "short values": short, "other values": redact.New("zzzzzzzz")} {
		text := []byte("abc stays; Bearer stays; \xff stays")
		if got := redactor.Bytes(text); !bytes.Equal(got, text) {
			t.Errorf("%s: got %q", name, got)
		}
		if got := redactor.String(string(text)); got != string(text) {
			t.Errorf("%s: got %q", name, got)
		}
	}
	if got := redact.New("Bearer abcdefgh1234").String("Bearer of news"); got != "Bearer of news" {
		t.Errorf("masks the scheme: %q", got)
	}
}

// A token that is fetched during the sync is masked for everybody from then on.
func TestAddTeachesEveryHolder(t *testing.T) {
	redactor := redact.New("first secret")
	mask := redactor.String
	var adding sync.WaitGroup
	for i := range 8 {
		adding.Go(func() {
			redactor.Add(fmt.Sprintf("token-%d", i))
			_ = mask("token-0 token-7")
		})
	}
	adding.Wait()
	for i := range 8 {
		if got := mask(fmt.Sprintf("first secret, token-%d", i)); got != redact.Mask+", "+redact.Mask {
			t.Errorf("got %q", got)
		}
	}
}

func TestBytesDoesNotWriteToItsArgument(t *testing.T) {
	text := []byte("key secret1 end")
	redact.New("secret1").Bytes(text)
	if string(text) != "key secret1 end" {
		t.Errorf("argument became %q", text)
	}
}

func TestURLParts(t *testing.T) {
	redactor := redact.New(redact.URL("https://joe:hunter22@example.com/hooks/T0KEN-IN-PATH/v1?token=T0KEN-IN-QUERY&mode=fast#frag")...)
	tests := []struct{ in, want string }{
		{"hunter22", redact.Mask},
		{"joe:hunter22", redact.Mask},
		{"POST /hooks/T0KEN-IN-PATH/v1 failed", "POST " + redact.Mask + " failed"},
		{"T0KEN-IN-PATH", redact.Mask},
		{"T0KEN-IN-QUERY", redact.Mask},
		{"token=T0KEN-IN-QUERY&mode=fast", redact.Mask},
		{"https://example.com hooks v1 mode fast", "https://example.com hooks v1 mode fast"},
	}
	for _, test := range tests {
		if got := redactor.String(test.in); got != test.want {
			t.Errorf("%q became %q, want %q", test.in, got, test.want)
		}
	}
	if got := redact.New(redact.URL("joe:hunter22@proxy:3128")...).String("joe, hunter22, proxy:3128"); got != "joe, "+redact.Mask+", proxy:3128" {
		t.Errorf("a proxy without a scheme: %q", got)
	}
	if got := redact.New(redact.URL("")...).String("http:// stays"); got != "http:// stays" {
		t.Errorf("no address: %q", got)
	}
	if got := redact.New(redact.URL("http://[broken")...).String("parse http://[broken now"); got != "parse "+redact.Mask+" now" {
		t.Errorf("an address that does not parse is shown: %q", got)
	}
}

func basic(user, password string) string {
	return base64.StdEncoding.EncodeToString([]byte(user + ":" + password))
}
