// Package awsenv reads the AWS credentials of the environment.
package awsenv

import "destination-webhook/destination/redact"

// Keys are long-term or temporary credentials. The zero value has none.
type Keys struct {
	ID     string
	Secret redact.Secret
	Token  redact.Secret // of temporary credentials
}

// Read returns the keys that the environment holds. getenv is nil if the user is not the operator,
// whose keys these are: then there are none.
func Read(getenv func(string) string) Keys {
	if getenv == nil {
		return Keys{}
	}
	return Keys{
		ID:     getenv("AWS_ACCESS_KEY_ID"),
		Secret: redact.Secret(getenv("AWS_SECRET_ACCESS_KEY")),
		Token:  redact.Secret(getenv("AWS_SESSION_TOKEN")),
	}
}
