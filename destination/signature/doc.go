// Package signature signs and verifies requests as specified by Standard Webhooks 1.0. The signed
// text is "id.timestamp.body". There are two schemes:
//
//   - v1, symmetric: HMAC-SHA256 with a secret ("whsec_") that both sides have.
//   - v1a, asymmetric: Ed25519 with a private key ("whsk_") for the sender and a public key
//     ("whpk_") for the receiver, who then has nothing that can sign.
//
// The body is the uncompressed one. The timestamp is that of the attempt, so every attempt is
// signed again, and a replayed request is recognised by its age.
//
// https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
package signature
