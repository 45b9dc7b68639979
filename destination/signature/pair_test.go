package signature_test

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"destination-webhook/destination/signature"
	"destination-webhook/destination/signature/signaturetest"

	"github.com/google/go-cmp/cmp"
)

// The first key of RFC 8032, section 7.1, which is also that of RFC 8037, appendix A.
const (
	seed      = "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A="
	private   = "whsk_nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2DXWpgBgrEKt9VL/tPJZAc6DuFy89qmIyWvAhpo9wdRGg=="
	public    = signaturetest.PublicKey
	x         = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
	thumb     = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k" // RFC 8037, appendix A.3
	asymmetry = "v1a,fldxM4gAKugP6nnt1hdz3sgGfZ6d99nzrMFnZOELIxbzEHoVmAb2ADpkJK7zgPePmPsle0zV9jSeGlHFG2NVAw=="
)

func TestPairOf(t *testing.T) {
	pair, err := signature.PairOf(private)
	if err != nil {
		t.Fatal(err)
	}
	if pair.Private != private || pair.Public != public {
		t.Errorf("got %s and %s", pair.Private, pair.Public)
	}
	var set any
	if text, err := signature.JWKS(pair); err != nil || json.Unmarshal([]byte(text), &set) != nil {
		t.Fatal(text, err)
	}
	want := map[string]any{"keys": []any{map[string]any{"kty": "OKP", "crv": "Ed25519", "x": x, "alg": "EdDSA", "use": "sig", "kid": thumb}}}
	if diff := cmp.Diff(want, set); diff != "" {
		t.Errorf("JWKS (-want +got):\n%s", diff)
	}
	if again, err := signature.PairOf("whsk_" + seed); err != nil || again.Private != pair.Private || again.Public != pair.Public {
		t.Errorf("the seed alone: %v, %v", again, err)
	}
	if _, err := signature.PairOf("whsk_hunter2"); err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("no key: %v", err)
	}
}

func TestNewPair(t *testing.T) {
	pair, err := signature.NewPair()
	if err != nil {
		t.Fatal(err)
	}
	header := newSigner(t, pair.Private).Sign(id, at, []byte(body))
	if err := verify(pair.Public, header, id, timestamp, body); err != nil {
		t.Error(err)
	}
	if other, err := signature.NewPair(); err != nil || other.Private == pair.Private {
		t.Errorf("two pairs are the same: %v", err)
	}
}

// The signed text is that of the symmetric scheme, and Ed25519 signs it the same way every time.
func TestSignEd25519(t *testing.T) {
	got := newSigner(t, private).Sign(id, at, []byte(body))
	if got != asymmetry {
		t.Errorf("got %s", got)
	}
	key, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(public, "whpk_"))
	mark, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(got, "v1a,"))
	if !ed25519.Verify(key, []byte(id+"."+timestamp+"."+body), mark) {
		t.Error("crypto/ed25519 refuses the signature")
	}
}

// Keys of both kinds take turns in a rotation: a receiver holds any of them.
func TestSignRotationBetweenSchemes(t *testing.T) {
	header := newSigner(t, private, secret).Sign(id, at, []byte(body))
	if header != asymmetry+" "+signed {
		t.Fatalf("got %q", header)
	}
	for _, held := range []string{public, secret} {
		if err := verify(held, header, id, timestamp, body); err != nil {
			t.Errorf("receiver with %.6s: %v", held, err)
		}
	}
}

// During a rotation of key pairs a receiver holds the old public key, both or the new one, and the
// sender signs by the old private key, both or the new one.
func TestSignRotationOfPairs(t *testing.T) {
	const oldPublic, newPublic = public, signaturetest.OtherPublicKey
	for name, tt := range map[string]struct{ signs, held []string }{
		"before":                        {[]string{private}, []string{oldPublic}},
		"the receiver has both":         {[]string{private}, []string{newPublic, oldPublic}},
		"both have both":                {[]string{signaturetest.OtherPrivateKey, private}, []string{newPublic, oldPublic}},
		"the sender has both":           {[]string{signaturetest.OtherPrivateKey, private}, []string{oldPublic}},
		"the receiver has the new one":  {[]string{signaturetest.OtherPrivateKey, private}, []string{newPublic}},
		"the sender has the new one":    {[]string{signaturetest.OtherPrivateKey}, []string{newPublic, oldPublic}},
		"after":                         {[]string{signaturetest.OtherPrivateKey}, []string{newPublic}},
		"the sender has the old one":    {[]string{private}, nil},
		"the sender has the old secret": {[]string{secret}, nil},
	} {
		header := newSigner(t, tt.signs...).Sign(id, at, []byte(body))
		held := tt.held
		if tt.held == nil { // too early for a receiver
			held = []string{newPublic}
		}
		err := signature.Verify(held, header, id, timestamp, []byte(body), at, time.Minute)
		if (err == nil) != (tt.held != nil) || len(strings.Fields(header)) != len(tt.signs) {
			t.Errorf("%s: %q, %v", name, header, err)
		}
	}
}

func TestVerifyEd25519(t *testing.T) {
	valid := strings.TrimPrefix(asymmetry, "v1a,")
	for name, tt := range map[string]struct {
		header, body string
		want         bool
	}{
		"valid":                             {asymmetry, body, true},
		"after another scheme's":            {signed + " " + asymmetry, body, true},
		"after another key's":               {"v1a," + strings.Repeat("A", 86) + "== " + asymmetry, body, true},
		"other body":                        {asymmetry, body + " ", false},
		"in the symmetric scheme's name":    {"v1," + valid, body, false},
		"symmetric":                         {signed, body, false},
		"cut short":                         {asymmetry[:len(asymmetry)-4], body, false},
		"in another spelling of base64":     {strings.Replace(asymmetry, "w==", "x==", 1), body, false},
		"empty":                             {"v1a,", body, false},
		"after more than a sender can have": {strings.Repeat("v1a,"+strings.Repeat("A", 86)+"== ", 16) + asymmetry, body, false},
	} {
		err := signature.Verify([]string{public}, tt.header, id, timestamp, []byte(tt.body), at, time.Minute)
		if (err == nil) != tt.want {
			t.Errorf("%s: %v", name, err)
		}
	}
	// A public key is no secret: whoever takes it for one must not accept what it "signed".
	if _, err := signature.New(strings.TrimPrefix(public, "whpk_")); err != nil {
		t.Fatal(err)
	}
	forged := newSigner(t, strings.TrimPrefix(public, "whpk_")).Sign(id, at, []byte(body))
	if err := verify(public, forged, id, timestamp, body); err == nil {
		t.Error("a signature made with the public key passes")
	}
}
