package signature

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
)

// Pair is a private key and what its receivers verify with.
type Pair struct {
	Private string // "whsk_" and the base64 of seed and public key
	Public  string // "whpk_" and the base64 of the public key
	public  []byte
}

// NewPair makes a new Ed25519 key pair.
func NewPair() (Pair, error) {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return Pair{}, fmt.Errorf("making a key: %w", err)
	}
	return newPair(private), nil
}

// PairOf returns the pair of a private key, "whsk_".
func PairOf(private string) (Pair, error) {
	key, err := parsePrivate(private)
	if err != nil {
		return Pair{}, fmt.Errorf("the private key cannot be read: %w", err)
	}
	return newPair(ed25519.PrivateKey(key)), nil
}

func newPair(private ed25519.PrivateKey) Pair {
	public := private[ed25519.SeedSize:]
	return Pair{
		Private: PrivatePrefix + base64.StdEncoding.EncodeToString(private),
		Public:  publicPrefix + base64.StdEncoding.EncodeToString(public),
		public:  public,
	}
}

// JWKS returns public keys as a JSON Web Key Set (RFC 7517, RFC 8037): that of a rotation has the
// new and the old one.
func JWKS(pairs ...Pair) (string, error) {
	keys := make([]jwk, 0, len(pairs))
	for _, p := range pairs {
		keys = append(keys, newJWK(p.public))
	}
	set, err := json.Marshal(map[string][]jwk{"keys": keys})
	return string(set), err
}

// jwk is an Ed25519 public key as a JSON Web Key (RFC 8037).
type jwk struct {
	Curve     string `json:"crv"`
	Type      string `json:"kty"`
	X         string `json:"x"`
	Algorithm string `json:"alg"`
	Use       string `json:"use"`
	ID        string `json:"kid"`
}

func newJWK(public []byte) jwk {
	x := base64.RawURLEncoding.EncodeToString(public)
	thumbprint := sha256.Sum256([]byte(`{"crv":"Ed25519","kty":"OKP","x":"` + x + `"}`)) // RFC 7638
	return jwk{
		Curve: "Ed25519", Type: "OKP", X: x, Algorithm: "EdDSA", Use: "sig",
		ID: base64.RawURLEncoding.EncodeToString(thumbprint[:]),
	}
}
