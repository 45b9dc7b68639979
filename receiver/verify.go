package receiver

import (
	"time"

	"destination-webhook/destination/signature"
	"destination-webhook/receiver/journal"
)

// signatureTolerance is what the libraries of Standard Webhooks allow.
const signatureTolerance = 5 * time.Minute

// verify notes whether one of the secrets signed the request.
func verify(q *Request, secrets []string, now time.Time) {
	if len(secrets) == 0 || journal.Bodyless(q.Method) {
		return
	}
	q.Signature = SignatureValid
	err := signature.Verify(secrets, q.Header.Get(signature.HeaderSignature), q.WebhookID,
		q.Header.Get(signature.HeaderTimestamp), q.Body, now, signatureTolerance)
	if err != nil {
		q.Signature = journal.Short(err.Error(), journal.MaxProblem)
	}
}
