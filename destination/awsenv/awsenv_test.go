package awsenv_test

import (
	"testing"

	"destination-webhook/destination/awsenv"
)

func TestRead(t *testing.T) {
	environment := map[string]string{"AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_SESSION_TOKEN": "token"}
	got := awsenv.Read(func(name string) string { return environment[name] })
	if want := (awsenv.Keys{ID: "id", Secret: "secret", Token: "token"}); got != want {
		t.Errorf("got %q, %q, %q", got.ID, got.Secret.Reveal(), got.Token.Reveal())
	}
	if awsenv.Read(nil) != (awsenv.Keys{}) {
		t.Error("there are keys without an environment")
	}
}
