package destination

import (
	"regexp"
	"testing"

	"destination-webhook/destination/config"
)

func TestWebhookIDFormat(t *testing.T) {
	id := webhookID(&route{method: "POST", url: "https://example.com/hook", name: "users", mode: config.Insert}, []byte(`{"sync_mode":"insert","rows":[]}`))
	// No dot: Standard Webhooks signs id, time and body with dots between them.
	if !regexp.MustCompile(`^msg_[0-9a-f]{32}$`).MatchString(id) {
		t.Errorf("the id is %s", id)
	}
}

// A batch sent again, by this sync or a later one, has its id again; whatever else differs makes another.
func TestWebhookIDNamesTheRequest(t *testing.T) {
	same := func() *route {
		return &route{method: "POST", url: "https://example.com/hook", namespace: "public", name: "users", mode: config.Upsert}
	}
	body := []byte(`{"sync_mode":"upsert","rows":[{"data":{"id":1},"primary_key":"1"}]}`)
	want := webhookID(same(), body)
	if again := webhookID(same(), append([]byte(nil), body...)); again != want {
		t.Errorf("the same request has ids %s and %s", want, again)
	}
	seen := map[string]string{want: "the request"}
	for name, change := range map[string]func(r *route){
		"method":                 func(r *route) { r.method = "PUT" },
		"url":                    func(r *route) { r.url += "?a=b" },
		"namespace":              func(r *route) { r.namespace = "" },
		"stream":                 func(r *route) { r.name = "orders" },
		"mode":                   func(r *route) { r.mode = config.Insert },
		"a name cut elsewhere":   func(r *route) { r.namespace, r.name = "publicu", "sers" },
		"a method cut elsewhere": func(r *route) { r.method, r.url = "POSThttps", "://example.com/hook" },
	} {
		r := same()
		change(r)
		id := webhookID(r, body)
		if other, taken := seen[id]; taken {
			t.Errorf("another %s has the id of %s", name, other)
		}
		seen[id] = name
	}
	if id := webhookID(same(), append(body, ' ')); seen[id] != "" {
		t.Error("another body has the id of the request")
	}
}
