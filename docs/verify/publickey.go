package main

import (
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

const tolerance = 5 * time.Minute // as in the official library, which knows secrets alone

// verifier judges the signature of a request.
type verifier interface {
	Verify(body []byte, header http.Header) error
}

// newVerifier returns the verifier for a secret (whsec_…) or for the public key of the sender
// (whpk_…).
func newVerifier(key string) (verifier, error) {
	encoded, public := strings.CutPrefix(key, "whpk_")
	if !public {
		return standardwebhooks.NewWebhook(key)
	}
	raw, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil || len(raw) != ed25519.PublicKeySize {
		return nil, errors.New("not a public key")
	}
	return publicKey(raw), nil
}

type publicKey ed25519.PublicKey

func (k publicKey) Verify(body []byte, header http.Header) error {
	timestamp := header.Get("Webhook-Timestamp")
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil || time.Since(time.Unix(seconds, 0)).Abs() > tolerance {
		return errors.New("the timestamp is not of now")
	}
	signed := append([]byte(header.Get("Webhook-Id")+"."+timestamp+"."), body...)
	// Several while a key is being replaced.
	for _, entry := range strings.Fields(header.Get("Webhook-Signature")) {
		encoded, ours := strings.CutPrefix(entry, "v1a,")
		signature, err := base64.StdEncoding.DecodeString(encoded)
		if ours && err == nil && ed25519.Verify(ed25519.PublicKey(k), signed, signature) {
			return nil
		}
	}
	return errors.New("no signature matches")
}
