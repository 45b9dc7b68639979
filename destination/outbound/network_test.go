package outbound

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"destination-webhook/destination/auth"
	"destination-webhook/destination/config"
)

func TestCredentials(t *testing.T) {
	a := &config.Authentication{
		Type: "aws_sigv4", User: "u", Password: "p", Token: "t",
		TokenURL: "http://h", ClientID: "i", ClientSecret: "s", Scopes: []string{"a"}, Audience: "x", Style: "body",
		Service: "lambda", Region: "r", AccessKeyID: "k", SecretAccessKey: "l", SessionToken: "m",
	}
	want := auth.Options{
		Type: auth.SigV4, User: "u", Password: "p", Token: "t",
		OAuth2: auth.OAuth2Options{TokenURL: "http://h", ClientID: "i", ClientSecret: "s", Scopes: []string{"a"}, Audience: "x", Style: "body"},
		SigV4:  auth.SigV4Options{Service: "lambda", Region: "r", AccessKeyID: "k", SecretAccessKey: "l", SessionToken: "m"},
	}
	if diff := cmp.Diff(want, (&Network{}).credentials(a, nil), cmpopts.IgnoreFields(auth.OAuth2Options{}, "OnToken")); diff != "" {
		t.Errorf("options (-want +got):\n%s", diff)
	}
}
