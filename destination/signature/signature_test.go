package signature_test

import (
	"encoding/base64"
	"net/http"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"destination-webhook/destination/signature"
	"destination-webhook/destination/signature/signaturetest"

	"github.com/google/go-cmp/cmp"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// The vector of the specification's own libraries.
const (
	secret    = signaturetest.Secret
	id        = "msg_p5jXN8AQM9LWM0D4loKWxJek"
	timestamp = "1614265330"
	body      = `{"test": 2432232314}`
	signed    = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
)

const previous = signaturetest.OtherSecret

var at = time.Unix(1614265330, 0)

func TestSignVector(t *testing.T) {
	if diff := cmp.Diff(signed, newSigner(t, secret).Sign(id, at, []byte(body))); diff != "" {
		t.Error(diff)
	}
	if got := signature.Timestamp(at.Add(999 * time.Millisecond)); got != timestamp {
		t.Errorf("Timestamp = %s", got)
	}
}

func TestSignWithoutPrefix(t *testing.T) {
	bare := strings.TrimPrefix(secret, "whsec_")
	if got := newSigner(t, bare).Sign(id, at, []byte(body)); got != signed {
		t.Errorf("got %s", got)
	}
}

// While a secret is rotated a receiver holds either of the two.
func TestSignRotation(t *testing.T) {
	header := newSigner(t, previous, secret).Sign(id, at, []byte(body))
	entries := strings.Split(header, " ")
	if len(entries) != 2 || entries[1] != signed {
		t.Fatalf("got %q", header)
	}
	for _, held := range []string{previous, secret} {
		if err := verify(held, header, id, timestamp, body); err != nil {
			t.Errorf("receiver with %s: %v", held, err)
		}
	}
}

// The official library judges what is signed here, and the other way round.
func TestOfficialLibraryAgrees(t *testing.T) {
	now := time.Now()
	for _, body := range []string{"", "{}", `{"rows":[]}`, "a.b.c", "\x00\xff", strings.Repeat("x", 1<<20)} {
		official, err := standardwebhooks.NewWebhook(secret)
		if err != nil {
			t.Fatal(err)
		}
		headers := http.Header{}
		headers.Set(signature.HeaderID, id)
		headers.Set(signature.HeaderTimestamp, signature.Timestamp(now))
		headers.Set(signature.HeaderSignature, newSigner(t, previous, secret).Sign(id, now, []byte(body)))
		if err := official.Verify([]byte(body), headers); err != nil {
			t.Errorf("official library refuses our signature of %.20q: %v", body, err)
		}
		theirs, err := official.Sign(id, now, []byte(body))
		if err != nil {
			t.Fatal(err)
		}
		if err := signature.Verify([]string{secret}, theirs, id, signature.Timestamp(now), []byte(body), now, time.Minute); err != nil {
			t.Errorf("we refuse the official library's signature of %.20q: %v", body, err)
		}
	}
}

func TestSignDoesNotCopyTheBody(t *testing.T) {
	signer, large := newSigner(t, secret, previous), make([]byte, 8<<20)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	signer.Sign(id, at, large)
	runtime.ReadMemStats(&after)
	if allocated := after.TotalAlloc - before.TotalAlloc; allocated > 1<<20 {
		t.Errorf("allocated %d bytes for a body of %d", allocated, len(large))
	}
}

func TestNewRefuses(t *testing.T) {
	for name, secrets := range map[string][]string{
		"none":               nil,
		"empty":              {""},
		"prefix alone":       {"whsec_"},
		"not base64":         {"whsec_not!base64"},
		"without padding":    {"whsec_YQ"},
		"second is not good": {secret, "hunter2!"},
		"private key alone":  {"whsk_"},
		"private, short":     {"whsk_aHVudGVyMg=="},
		"public key":         {public},
		"halves that differ": {"whsk_" + base64.StdEncoding.EncodeToString(append(make([]byte, 32), make([]byte, 32)...))},
	} {
		_, err := signature.New(secrets...)
		if err == nil {
			t.Errorf("%s: no error", name)
			continue
		}
		for _, leak := range []string{"not!base64", "hunter2", "MfKQ", "aHVudGVyMg", public[10:]} {
			if strings.Contains(err.Error(), leak) {
				t.Errorf("%s: error shows the secret: %v", name, err)
			}
		}
	}
}

func TestVerify(t *testing.T) {
	tests := []struct {
		name                        string
		header, id, timestamp, body string
		want                        string // part of the error, "" for none
	}{
		{"the vector", signed, id, timestamp, body, ""},
		{"after another version", "v1a,abc " + signed, id, timestamp, body, ""},
		{"behind another secret's", "v1,AAAA " + signed, id, timestamp, body, ""},
		{"no header", "", id, timestamp, body, "not signed"},
		{"no id", signed, "", timestamp, body, "not signed"},
		{"no timestamp", signed, id, "", body, "not signed"},
		{"other body", signed, id, timestamp, body + " ", "no signature matches"},
		{"other id", signed, id + "x", timestamp, body, "no signature matches"},
		{"other timestamp", signed, id, "1614265331", body, "no signature matches"},
		{"other version", "v2" + strings.TrimPrefix(signed, "v1"), id, timestamp, body, "no signature matches"},
		{"no version", strings.TrimPrefix(signed, "v1,"), id, timestamp, body, "no signature matches"},
		{"cut short", signed[:len(signed)-2], id, timestamp, body, "no signature matches"},
		{"empty signature", "v1,", id, timestamp, body, "no signature matches"},
		{"more behind it", signed + ",x", id, timestamp, body, "no signature matches"},
		{"timestamp is a word", signed, id, "now", body, "not a number"},
		{"timestamp in another spelling", signed, id, "+1614265330", body, "not a number"},
		{"oldest timestamp", signed, id, "1614265030", body, "no signature matches"},
		{"too old", signed, id, "1614265029", body, "older than"},
		{"newest timestamp", signed, id, "1614265630", body, "no signature matches"},
		{"too new", signed, id, "1614265631", body, "ahead"},
		{"far in the past", signed, id, "-9223372036854775808", body, "older than"},
		{"far in the future", signed, id, "9223372036854775807", body, "Webhook-Timestamp"},
		{"beyond int64", signed, id, "9223372036854775808", body, "not a number"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			err := verify(secret, test.header, test.id, test.timestamp, test.body)
			switch {
			case test.want == "" && err != nil:
				t.Errorf("refused: %v", err)
			case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
				t.Errorf("got %v, want an error with %q", err, test.want)
			}
		})
	}
	for _, key := range []string{"whsec_!", "whpk_YQ==", private} {
		if err := verify(key, signed, id, timestamp, body); err == nil || signature.CheckVerifying(key) == nil || strings.Contains(err.Error(), key[6:]) {
			t.Errorf("a key that verifies nothing: %v", err)
		}
	}
}

// FuzzVerify: what passes has the signature for its very timestamp and body among the header's
// entries, and a timestamp that is near and in its only spelling; all of that passes.
func FuzzVerify(f *testing.F) {
	for _, header := range []string{signed, "", "v1", "v1,", "v1,,", " ", "v1,AAAA v1a,BBBB " + signed, strings.Repeat("v1, ", 1000), "v1," + base64.StdEncoding.EncodeToString(make([]byte, 32)), signed + "\n", "V1" + signed[2:]} {
		f.Add(header, timestamp, []byte(body))
	}
	for _, stamp := range []string{"", "0", "-1", "1e9", "9223372036854775808", "０", "1614265330 ", "01614265330", "1614265630", "1614265631"} {
		f.Add(signed, stamp, []byte(body))
	}
	f.Fuzz(func(t *testing.T, header, stamp string, payload []byte) {
		seconds, err := strconv.ParseInt(stamp, 10, 64)
		near := err == nil && stamp == strconv.FormatInt(seconds, 10) && seconds >= at.Unix()-300 && seconds <= at.Unix()+300
		mark := newSigner(t, secret).Sign(id, time.Unix(seconds, 0), payload)
		for name, tt := range map[string]struct {
			header  string
			payload []byte
			want    bool
		}{
			"as it is":     {header, payload, near && slices.Contains(strings.Split(header, " "), mark)},
			"signed":       {header + " " + mark, payload, near},
			"another body": {mark, append([]byte("x"), payload...), false},
			"another key":  {newSigner(t, previous).Sign(id, time.Unix(seconds, 0), payload), payload, false},
			"asymmetric":   {newSigner(t, private).Sign(id, time.Unix(seconds, 0), payload), payload, false},
		} {
			err := signature.Verify([]string{secret}, tt.header, id, stamp, tt.payload, at, 5*time.Minute)
			if (err == nil) != tt.want {
				t.Errorf("%s: header %q at %q: %v, want it to pass: %v", name, tt.header, stamp, err, tt.want)
			}
		}
		rotated := newSigner(t, secret, private).Sign(id, time.Unix(seconds, 0), payload)
		if err := signature.Verify([]string{public}, rotated, id, stamp, payload, at, 5*time.Minute); (err == nil) != near {
			t.Errorf("by the public key at %q: %v, want it to pass: %v", stamp, err, near)
		}
		if err := signature.Verify([]string{public}, header, id, stamp, payload, at, 5*time.Minute); err == nil && !strings.Contains(header, "v1a,") {
			t.Errorf("header %q passes by the public key", header)
		}
	})
}

func newSigner(t *testing.T, secrets ...string) *signature.Signer {
	t.Helper()
	signer, err := signature.New(secrets...)
	if err != nil {
		t.Fatal(err)
	}
	return signer
}

func verify(held, header, id, timestamp, body string) error {
	return signature.Verify([]string{held}, header, id, timestamp, []byte(body), at, 5*time.Minute)
}
