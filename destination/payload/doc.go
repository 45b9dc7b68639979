// Package payload is what goes over the wire: docs/payload.md in code. It writes the rows of a
// stream, the envelope around them, what is kept of a row beside its batch, and the Webhook-Id of a
// request; what it writes it also reads. It knows neither HTTP nor the snapshot.
package payload
