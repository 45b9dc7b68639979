// Package signaturetest provides keys for tests. Nothing else may use them: they are public.
package signaturetest

const (
	// Secret is that of the test vector in the libraries of Standard Webhooks.
	Secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	// OtherSecret is a secret that does not sign what Secret signs.
	OtherSecret = "whsec_cHJldmlvdXMgc2VjcmV0IHdpdGggMjQgYnl0ZXM="
	// PrivateKey is the first key of RFC 8032, section 7.1, and PublicKey the one that verifies
	// what it signs.
	PrivateKey = "whsk_nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A="
	PublicKey  = "whpk_11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
	// OtherPrivateKey is the second key of RFC 8032, section 7.1, and OtherPublicKey the one that
	// verifies what it signs.
	OtherPrivateKey = "whsk_TM0Imyj/ltqdtsNG7BFOD1uKMZ81q6Yk2oz27U+4pvs="
	OtherPublicKey  = "whpk_PUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw="
)
