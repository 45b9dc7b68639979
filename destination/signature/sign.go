package signature

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// The headers of a signed request, as the specification names them.
const (
	HeaderID        = "Webhook-Id"
	HeaderTimestamp = "Webhook-Timestamp"
	HeaderSignature = "Webhook-Signature"
)

const (
	secretPrefix = "whsec_"
	version      = "v1,"
)

// Signer signs request bodies. It is immutable and safe for concurrent use.
type Signer struct {
	keys [][]byte
}

// New returns a Signer for one or more secrets, each base64 behind "whsec_"
// (the prefix may be missing, as in the official libraries). The first is the
// current one; the others are previous ones that receivers may still hold.
func New(secrets ...string) (*Signer, error) {
	keys, err := decodeKeys(secrets)
	if err != nil {
		return nil, err
	}
	return &Signer{keys: keys}, nil
}

// Sign returns the value of [HeaderSignature]: one "v1,…" per secret, separated
// by a space. It reads body once per secret and neither copies nor keeps it.
func (s *Signer) Sign(id string, at time.Time, body []byte) string {
	timestamp := Timestamp(at)
	entries := make([]string, 0, len(s.keys))
	for _, key := range s.keys {
		entries = append(entries, version+digest(key, id, timestamp, body))
	}
	return strings.Join(entries, " ")
}

// Timestamp returns the value of [HeaderTimestamp]: seconds since 1970.
func Timestamp(at time.Time) string { return strconv.FormatInt(at.Unix(), 10) }

func digest(key []byte, id, timestamp string, body []byte) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(id + "." + timestamp + "."))
	mac.Write(body)
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

func decodeKeys(secrets []string) ([][]byte, error) {
	if len(secrets) == 0 {
		return nil, errors.New("signing needs a secret")
	}
	keys := make([][]byte, 0, len(secrets))
	for i, secret := range secrets {
		key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, secretPrefix))
		if err != nil || len(key) == 0 { // the decoder's error would quote a byte of the secret
			return nil, fmt.Errorf("signing secret %d of %d is not base64 behind %q: make one with \"openssl rand -base64 32\"", i+1, len(secrets), secretPrefix)
		}
		keys = append(keys, key)
	}
	return keys, nil
}
