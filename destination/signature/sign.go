package signature

import (
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

// Signer signs request bodies. It is immutable and safe for concurrent use.
type Signer struct {
	keys []signingKey
}

// New returns a Signer for one or more secrets ("whsec_", a prefix that may be missing as in the
// official libraries) and private keys ("whsk_"). The first one is the current one; the others are
// previous ones that receivers may still verify with.
func New(keys ...string) (*Signer, error) {
	parsed, err := parseAll(keys, parseSigningKey)
	if err != nil {
		return nil, err
	}
	return &Signer{keys: parsed}, nil
}

// Sign returns the value of [HeaderSignature]: one "v1,…" or "v1a,…" for each key, separated by a
// space. It does not keep body. For a private key it copies it.
func (s *Signer) Sign(id string, at time.Time, body []byte) string {
	m := message{id, Timestamp(at), body}
	entries := make([]string, 0, len(s.keys))
	for _, key := range s.keys {
		entries = append(entries, key.sign(m))
	}
	return strings.Join(entries, " ")
}

// Timestamp returns the value of [HeaderTimestamp]: seconds since 1970.
func Timestamp(at time.Time) string { return strconv.FormatInt(at.Unix(), 10) }
