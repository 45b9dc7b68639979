package signature

import (
	"bytes"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
)

// The prefixes of keys, as the specification names them.
const (
	secretPrefix  = "whsec_"
	PrivatePrefix = "whsk_"
	publicPrefix  = "whpk_"
)

// signingKey makes entries of [HeaderSignature].
type signingKey interface {
	sign(message message) (entry string)
}

// verifyingKey makes functions that report whether an entry of [HeaderSignature] is by the key.
// They do the work that depends on the message alone once, however many entries there are.
type verifyingKey interface {
	verifier(message message) func(entry string) bool
}

// secretKey is a secret that both sides have.
type secretKey []byte

const symmetric = "v1,"

func (k secretKey) sign(m message) string {
	mac := hmac.New(sha256.New, k)
	mac.Write([]byte(m.head()))
	mac.Write(m.body)
	return symmetric + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// verifier compares in constant time, so that the time taken does not tell how much of a guessed
// signature is right.
func (k secretKey) verifier(m message) func(entry string) bool {
	want := []byte(k.sign(m))
	return func(entry string) bool { return hmac.Equal([]byte(entry), want) }
}

// privateKey is the sender's key of a pair.
type privateKey ed25519.PrivateKey

// publicKey is the receiver's key of a pair.
type publicKey ed25519.PublicKey

const asymmetric = "v1a,"

func (k privateKey) sign(m message) string {
	return asymmetric + base64.StdEncoding.EncodeToString(ed25519.Sign(ed25519.PrivateKey(k), m.text()))
}

// maxAsymmetric is how many entries of a request are verified by a public key. Each takes as long
// as the body, and no sender rotates more keys.
const maxAsymmetric = 16

func (k publicKey) verifier(m message) func(entry string) bool {
	text, verified := m.text(), 0
	return func(entry string) bool {
		encoded, ok := strings.CutPrefix(entry, asymmetric)
		signature, err := base64.StdEncoding.Strict().DecodeString(encoded)
		if !ok || err != nil || len(signature) != ed25519.SignatureSize || verified == maxAsymmetric {
			return false
		}
		verified++
		return ed25519.Verify(ed25519.PublicKey(k), text, signature)
	}
}

// message is what is signed.
type message struct {
	id, timestamp string
	body          []byte
}

// head is the text before the body.
func (m message) head() string { return m.id + "." + m.timestamp + "." }

// text is the whole text in one piece, which Ed25519 needs: it reads it twice.
func (m message) text() []byte { return append([]byte(m.head()), m.body...) }

// errNotSecret, errNotPrivate and errNotPublic say what is wrong with a key, and never quote it.
var (
	errNotSecret  = errors.New(`it is not "whsec_" and base64: make one with "openssl rand -base64 32"`)
	errNotPrivate = errors.New(`it is not "whsk_" and the base64 of an Ed25519 private key: make one with "destination-webhook keys"`)
	errNotPublic  = errors.New(`it is not "whpk_" and the base64 of an Ed25519 public key: it belongs to the private key that signs`)
	errIsPublic   = errors.New(`it is a public key, which cannot sign: the sender needs the private key, "whsk_"`)
	errIsPrivate  = errors.New(`it is a private key, which only the sender may have: the receiver needs the public key, "whpk_"`)
)

// parseSigningKey reads a secret or a private key.
func parseSigningKey(text string) (signingKey, error) {
	switch {
	case strings.HasPrefix(text, publicPrefix):
		return nil, errIsPublic
	case strings.HasPrefix(text, PrivatePrefix):
		return parsePrivate(text)
	}
	return parseSecret(text)
}

// parseVerifyingKey reads a secret or a public key.
func parseVerifyingKey(text string) (verifyingKey, error) {
	switch {
	case strings.HasPrefix(text, PrivatePrefix):
		return nil, errIsPrivate
	case strings.HasPrefix(text, publicPrefix):
		return parsePublic(text)
	}
	return parseSecret(text)
}

func parseSecret(text string) (secretKey, error) {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(text, secretPrefix))
	if err != nil || len(key) == 0 {
		return nil, errNotSecret
	}
	return key, nil
}

// parsePrivate takes a private key as its seed of 32 bytes, or with its public key after that.
func parsePrivate(text string) (privateKey, error) {
	raw, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(text, PrivatePrefix))
	if err != nil || len(raw) != ed25519.SeedSize && len(raw) != ed25519.PrivateKeySize {
		return nil, errNotPrivate
	}
	key := ed25519.NewKeyFromSeed(raw[:ed25519.SeedSize])
	if len(raw) == ed25519.PrivateKeySize && !bytes.Equal(raw, key) {
		return nil, errNotPrivate
	}
	return privateKey(key), nil
}

func parsePublic(text string) (publicKey, error) {
	raw, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(text, publicPrefix))
	if err != nil || len(raw) != ed25519.PublicKeySize {
		return nil, errNotPublic
	}
	return raw, nil
}

// parseAll reads all keys. The error says which of them is wrong.
func parseAll[Key any](texts []string, parse func(string) (Key, error)) ([]Key, error) {
	if len(texts) == 0 {
		return nil, errors.New("signing needs a key")
	}
	keys := make([]Key, 0, len(texts))
	for i, text := range texts {
		key, err := parse(text)
		if err != nil {
			return nil, fmt.Errorf("signing key %d of %d: %w", i+1, len(texts), err)
		}
		keys = append(keys, key)
	}
	return keys, nil
}
