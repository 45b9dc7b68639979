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
	"unicode/utf8"

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
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// Escapes of many tools around one another; each is a way in which a text came back.
func TestRedactorMasksEscapes(t *testing.T) {
	for name, tt := range map[string]struct{ secret, text string }{
		"lower-case percents":           {"a/b?c=d", "a%2fb%3fc=d"},
		"encodeURIComponent":            {"Passw0rd!#1", "Passw0rd!%231"},
		"Python's quote":                {"a/b c~d", "a/b%20c~d"},
		"every byte":                    {"pässwd", "%70%C3%A4%73%73%77%64"},
		"a query's plus":                {"open sesame", "open+sesame"},
		"a plus of its own":             {"open+sesame", "open%2Bsesame"},
		"a percent of its own":          {"50%25off", "50%2525off"},
		"percent twice":                 {"a/b?c=d", "a%252Fb%253Fc%253Dd"},
		"named entities":                {`pa"ss'<wd>`, "pa&quot;ss&apos;&lt;wd&gt;"},
		"decimal entities":              {`pa"ss'wd`, "pa&#34;ss&#039;wd"},
		"hexadecimal entities":          {`pa'ss/wd`, "pa&#x27;ss&#X2F;wd"},
		"entities of entities":          {`pa"ss`, "pa&amp;quot;ss"},
		"an entity of its own":          {"a&amp;b", "a&amp;amp;b"},
		"JSON":                          {"pa\"ss\\wörd\t!", `pa\"ss\\w\u00f6rd\t!`},
		"JSON in JSON":                  {`pa"ssword`, `pa\\\"ssword`},
		"JSON in JSON in JSON":          {`pa"ss\wd`, `pa\\\\\\\"ss\\\\\\\\wd`},
		"Go's JSON":                     {"<a&b>", `\u003ca\u0026b\u003e`},
		"HTML in Go's JSON":             {`pa"ss`, `pa\u0026#34;ss`},
		"PHP's JSON":                    {"</pass>", `<\/pass>`},
		"a pair of surrogates":          {"key😀key", `key\ud83d\ude00key`},
		"the same in JSON":              {"key😀key", `key\\ud83d\\ude00key`},
		"Go's quotes":                   {"k😀y\x01\xff", `k\U0001f600y\x01\xff`},
		"Python's bytes":                {"kö'y", `k\xc3\xb6\'y`},
		"hexadecimal":                   {"s3cret!", "73336372657421"},
		"hexadecimal, upper case":       {"s3cret:jkl", "7333637265743A6A6B6C"},
		"base64 in a query":             {"s3cret>?>", "czNjcmV0Pj8%2B"},
		"base64 with JSON's slash":      {"s3cret???", `czNjcmV0Pz8\/`},
		"wrapped base64":                {strings.Repeat("long secret ", 8), mime(strings.Repeat("long secret ", 8), "\r\n")},
		"wrapped base64 in JSON":        {strings.Repeat("long secret ", 8), mime(strings.Repeat("long secret ", 8), `\n`)},
		"wrapped base64 in JSON's JSON": {strings.Repeat("long secret ", 8), mime(strings.Repeat("long secret ", 8), `\\n`)},
		"a key with its lines in JSON":  {"-----BEGIN-----\nMII\nx=\n", `-----BEGIN-----\nMII\nx=`},
		"a short token's":               {"Bearer p4ssw0r", "p4ssw0r"},
		"of an odd scheme":              {"X-My-Key!  p4ss", "p4ss"},
		"the config has it escaped":     {"p%40ssw0rd", "p@ssw0rd"},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff("<"+redact.Mask+">", redact.New(tt.secret).String("<"+tt.text+">")); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// mime is base64 in lines of 76 characters.
func mime(s, end string) string {
	text := base64.StdEncoding.EncodeToString([]byte(s))
	return text[:76] + end + text[76:]
}

// If one secret begins within another, both are masked, the shorter one too.
func TestRedactorMasksOverlaps(t *testing.T) {
	if got := redact.New("abcdef", "defghijk", "cdefg").String("x abcdefghijk y"); got != "x "+redact.Mask+" y" {
		t.Errorf("got %q", got)
	}
}

// Text that broke off may end in a part of a secret.
func TestCut(t *testing.T) {
	const secret = `Bearer s3cr/et+"token"<of>😀`
	redactor := redact.New(secret)
	quoted := strconv.QuoteToASCII(secret)
	pairs := strings.Replace(quoted, `\U0001f600`, `\ud83d\ude00`, 1)
	for name, text := range map[string]string{
		"plain": secret, "Go": quoted[1 : len(quoted)-1], "JSON": pairs[1 : len(pairs)-1], "query": url.QueryEscape(secret), "HTML": html.EscapeString(secret),
		"base64": base64.StdEncoding.EncodeToString([]byte(secret)), "hexadecimal": hex.EncodeToString([]byte(secret)),
		"token": secret[len("Bearer "):], "twice": url.QueryEscape(url.QueryEscape(secret)),
	} {
		t.Run(name, func(t *testing.T) {
			for n := 4; n <= len(text); n++ {
				if got := redactor.Cut("you sent " + text[:n]); got != "you sent "+redact.Mask {
					t.Errorf("%s is shown as %s", text[:n], got)
				}
			}
		})
	}
	for _, whole := range []string{"you sent Bea", "you sent Bearer it", "s3cr is how it begins"} {
		if got := redactor.Cut(whole); got != whole {
			t.Errorf("%q became %q", whole, got)
		}
	}
	if got := redactor.String("you sent s3cr/et"); got != "you sent s3cr/et" {
		t.Errorf("a text that is whole became %q", got)
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
		const text = "abc stays; Bearer stays; \xff stays"
		if got := redactor.String(text); got != text {
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

// FuzzMask: whatever is around a secret, it is not shown, nor the part of it that a cut leaves.
func FuzzMask(f *testing.F) {
	for _, seed := range [][3]string{
		{"", "s3cr%25/+\\n", ""}, {"%", "2Fab\\u00", "&#39;"}, {`\`, `u0041"\\"`, `\ud83d`}, {"&am", "p;&quot;", ";"}, {"\r\n", "\xff\x00aa", "="}, {"aaa", "aaaab", "aab"},
	} {
		f.Add(seed[0], seed[1], seed[2])
	}
	f.Fuzz(func(t *testing.T, before, secret, after string) {
		redactor := redact.New(secret)
		// To try many short texts, not few long ones.
		tooLong := len(before)+len(secret)+len(after) > 1<<12
		if tooLong || len(secret) < 4 || strings.ContainsAny(secret, redact.Mask) {
			return
		}
		if got := redactor.String(before + secret + after); strings.Contains(got, secret) {
			t.Errorf("%q in %q became %q", secret, before+secret+after, got)
		}
		for _, form := range []string{base64.StdEncoding.EncodeToString([]byte(secret)), hex.EncodeToString([]byte(secret)), url.QueryEscape(secret)} {
			// A secret may begin with what is in front of it here, or with the byte that separates
			// decoded texts, which is not UTF-8.
			exact := utf8.ValidString(secret) && !strings.ContainsAny(secret, "<>")
			if got := redactor.String("<" + form + ">"); got != "<"+redact.Mask+">" && (exact || !strings.Contains(got, redact.Mask)) {
				t.Errorf("%q became %q", form, got)
			}
		}
		if got := redactor.Cut(before + secret[:len(secret)-1]); len(secret) > 4 && strings.HasSuffix(got, secret[:len(secret)-1]) {
			t.Errorf("%q shows the beginning of %q", got, secret)
		}
	})
}

// The last few tokens are known, what was added stays.
func TestLearnForgetsTheOldest(t *testing.T) {
	redactor := redact.New("first secret")
	for i := range 10 {
		redactor.Learn(fmt.Sprintf("token-%d", i))
	}
	const want = "token-0 token-5 [redacted] [redacted] [redacted]"
	if got := redactor.String("token-0 token-5 token-6 token-9 first secret"); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestURLParts(t *testing.T) {
	redactor := redact.New(redact.URL("https://joe:hunter22@example.com/hooks/T0KEN-IN-PATH/v1?token=T0KEN-IN-QUERY&mode=fast&k=t0k%21&as=json&now=true#frag")...)
	tests := []struct{ in, want string }{
		{"hunter22", redact.Mask},
		{"joe:hunter22", redact.Mask},
		{"POST /hooks/T0KEN-IN-PATH/v1 failed", "POST " + redact.Mask + " failed"},
		{"T0KEN-IN-PATH", redact.Mask},
		{"T0KEN-IN-QUERY", redact.Mask},
		{"token=T0KEN-IN-QUERY&mode=fast&k=t0k%21&as=json&now=true", redact.Mask},
		{"mode fast", "mode " + redact.Mask},
		{"t0k!", redact.Mask},
		{"https://example.com hooks v1 mode true application/json", "https://example.com hooks v1 mode true application/json"},
	}
	for _, test := range tests {
		if got := redactor.String(test.in); got != test.want {
			t.Errorf("%q became %q, want %q", test.in, got, test.want)
		}
	}
	if got := redact.New(redact.URL("joe:hunter22@proxy:3128")...).String("joe, hunter22, proxy:3128"); got != "joe, "+redact.Mask+", proxy:3128" {
		t.Errorf("a proxy without a scheme: %q", got)
	}
	if got := redact.New(redact.URL("https://h/?k=t0k42;v=2")...).String("t0k42 of v=2"); got != redact.Mask+" of v=2" {
		t.Errorf("a short value before a semicolon: %q", got)
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
