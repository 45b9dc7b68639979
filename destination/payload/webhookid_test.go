package payload

import (
	"regexp"
	"testing"

	"destination-webhook/destination/config"
	"destination-webhook/protocol"
)

func TestWebhookIDFormat(t *testing.T) {
	id := (&Identity{Method: "POST", URL: "https://example.com/hook", Stream: protocol.StreamDescriptor{Name: "users"}, Mode: config.Insert}).WebhookID([]byte(`{"sync_mode":"insert","rows":[]}`))
	// No dot: Standard Webhooks signs id, time and body with dots between them.
	if !regexp.MustCompile(`^msg_[0-9a-f]{32}$`).MatchString(id) {
		t.Errorf("the id is %s", id)
	}
}

// A batch sent again, by this sync or a later one, has its id again; whatever else differs makes
// another.
func TestWebhookIDNamesTheRequest(t *testing.T) {
	same := func() *Identity {
		return &Identity{Method: "POST", URL: "https://example.com/hook", Stream: protocol.StreamDescriptor{Namespace: "public", Name: "users"}, Mode: config.Upsert}
	}
	body := []byte(`{"sync_mode":"upsert","rows":[{"data":{"id":1},"primary_key":"1"}]}`)
	want := same().WebhookID(body)
	if again := same().WebhookID(append([]byte(nil), body...)); again != want {
		t.Errorf("the same request has ids %s and %s", want, again)
	}
	seen := map[string]string{want: "the request"}
	for name, change := range map[string]func(r *Identity){
		"method":                 func(r *Identity) { r.Method = "PUT" },
		"url":                    func(r *Identity) { r.URL += "?a=b" },
		"namespace":              func(r *Identity) { r.Stream.Namespace = "" },
		"stream":                 func(r *Identity) { r.Stream.Name = "orders" },
		"epoch":                  func(r *Identity) { r.Epoch = new(uint64) },
		"mode":                   func(r *Identity) { r.Mode = config.Insert },
		"a name cut elsewhere":   func(r *Identity) { r.Stream.Namespace, r.Stream.Name = "publicu", "sers" },
		"a method cut elsewhere": func(r *Identity) { r.Method, r.URL = "POSThttps", "://example.com/hook" },
	} {
		r := same()
		change(r)
		id := r.WebhookID(body)
		if other, taken := seen[id]; taken {
			t.Errorf("another %s has the id of %s", name, other)
		}
		seen[id] = name
	}
	if id := same().WebhookID(append(body, ' ')); seen[id] != "" {
		t.Error("another body has the id of the request")
	}
}
