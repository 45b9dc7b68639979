// Package signature signs and verifies requests by Standard Webhooks 1.0,
// symmetric scheme v1: the base64 of HMAC-SHA256 over "id.timestamp.body".
//
// The body is the uncompressed one. The timestamp is that of the attempt, so
// every attempt is signed anew; a replay of an old request is told by its age.
//
// https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
package signature
