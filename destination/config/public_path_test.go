package config

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"destination-webhook/protocol"
)

func TestPublicPath(t *testing.T) {
	stream := protocol.StreamDescriptor{Namespace: "a/b", Name: "users"}
	for address, want := range map[string][]string{
		"https://h":                                {"/"},
		"https://h?x={data.id}":                    {"/"},
		"https://h/hook?token=s3cret":              {"/hook"},
		"https://h/u/{primary_key}{?stream}":       {"/u/{primary_key}", "primary_key"},
		"https://h/u{/primary_key.0,data.a*}/x":    {"/u/{primary_key.0}/{data.a}/x", "primary_key.0", "data.a"},
		"https://h/{namespace}/{stream}{.data.id}": {"/a%2Fb/users.{data.id}", "data.id"},
		"https://h/u{;data.id}":                    {"/u;data.id={data.id}", "data.id"},
		"https://h/services/T00000000/{data.id}":   {"/services/{secret}/{data.id}", "secret", "data.id"},
	} {
		path, parameters := PublicPath(address, stream)
		if diff := cmp.Diff(want, append([]string{path}, parameters...)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", address, diff)
		}
	}
}
