package receiver

import (
	"time"

	"destination-webhook/destination/signature"
)

// SignatureValid is what Request.Signature says of a good one.
const SignatureValid = "valid"

// signatureTolerance is what the libraries of Standard Webhooks allow.
const signatureTolerance = 5 * time.Minute

func (q *Request) verify(secrets []string, now time.Time) {
	if len(secrets) == 0 || bodyless(q.Method) {
		return
	}
	q.Signature = SignatureValid
	err := signature.Verify(secrets, q.Header.Get(signature.HeaderSignature), q.WebhookID,
		q.Header.Get(signature.HeaderTimestamp), q.Body, now, signatureTolerance)
	if err != nil {
		q.Signature = short(err.Error(), longestProblem)
	}
}
