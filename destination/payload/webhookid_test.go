package payload

import (
	"encoding/binary"
	"regexp"
	"testing"

	"destination-webhook/destination/config"
	"destination-webhook/destination/route"
	"destination-webhook/protocol"
)

func TestWebhookIDFormat(t *testing.T) {
	id := (&Identity{Method: "POST", URL: "https://example.com/hook", Stream: protocol.StreamDescriptor{Name: "users"}, Mode: config.Insert}).WebhookID([]byte(`{"sync_mode":"insert","rows":[]}`))
	// No dot: Standard Webhooks signs id, time and body with dots between them.
	if !regexp.MustCompile(`^msg_[0-9a-f]{32}$`).MatchString(id) {
		t.Errorf("the id is %s", id)
	}
}

// A request has its id again; whatever else differs makes another.
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
		"mode":                   func(r *Identity) { r.Mode = config.Insert },
		"a name cut elsewhere":   func(r *Identity) { r.Stream.Namespace, r.Stream.Name = "publicu", "sers" },
		"a name with a NUL":      func(r *Identity) { r.Stream.Namespace, r.Stream.Name = "", "public\x00users" },
		"another with a NUL":     func(r *Identity) { r.Stream.Namespace, r.Stream.Name = "public\x00users", "" },
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

// Equal content gets the same name only if it is a repetition.
func TestWebhookIDNamesTheEvent(t *testing.T) {
	r := &route.Route{Endpoint: route.Endpoint{Method: "POST", URL: "https://example.com/hook"}, Stream: protocol.StreamDescriptor{Name: "users"}, Mode: config.Insert}
	body := []byte(`{"sync_mode":"insert","rows":[{"data":{}}]}`)
	names := func(sync string) *Names { return NewNames(r, sync, &Occurrences{}) }
	first, resumed, other := names("job 1"), names("job 1"), names("job 2")
	seen := map[string]string{}
	for _, event := range []struct {
		what       string
		names      *Names
		body       string
		replaced   []byte
		rejected   []byte
		repetition int
		repeats    string
	}{
		{"the first", first, "a", nil, nil, 0, ""},
		{"another content", first, "b", nil, nil, 0, ""},
		{"the second of a sync", first, "a", nil, nil, 0, ""},
		{"asked for once more", first, "a", nil, nil, 1, ""},
		{"asked for twice more", first, "a", nil, nil, 2, ""},
		{"another sync", other, "a", nil, nil, 0, ""},
		{"a resumed sync", resumed, "a", nil, nil, 0, "the first"},
		{"a resumed sync, the second", resumed, "a", nil, nil, 0, "the second of a sync"},
		{"with a snapshot", first, "a", []byte("v1"), nil, 0, ""},
		{"with a snapshot, asked for once more", first, "a", []byte("v1"), nil, 1, ""},
		{"with a snapshot, asked for twice more", first, "a", []byte("v1"), nil, 2, ""},
		{"with a snapshot, another version", first, "a", []byte("v2"), nil, 0, ""},
		{"a dead letter of the first", first, "a", nil, []byte(`{"line":1}`), 0, ""},
		{"another dead letter", first, "a", nil, []byte(`{"line":2}`), 0, ""},
		{"with a snapshot, a dead letter", first, "a", []byte("v2"), []byte(`{"line":1}`), 0, ""},
		{"with a snapshot, another sync", other, "a", []byte("v1"), nil, 0, "with a snapshot"},
		{"with a snapshot, nothing known of the rows", first, "a", []byte{}, nil, 0, ""},
	} {
		id := event.names.WebhookID("POST", "https://example.com/hook", append(body, event.body...), event.replaced, event.rejected, event.repetition)
		if seen[id] != event.repeats {
			t.Errorf("%s repeats %q, want %q", event.what, seen[id], event.repeats)
		}
		if seen[id] == "" {
			seen[id] = event.what
		}
	}
}

// However many contents share the counters, equal content never gets the same count twice.
func TestOccurrencesAreNeverTooFew(t *testing.T) {
	var o Occurrences
	for round := range uint64(3) {
		for i := range 2 * occurrenceCounters {
			var c content
			binary.LittleEndian.PutUint32(c[0:], uint32(i)*7)
			binary.LittleEndian.PutUint32(c[4:], uint32(i)*13)
			if n := o.count(c); n < round {
				t.Fatalf("content %d was counted %d times before, and came %d times", i, n, round)
			}
		}
	}
}

// A sync of few contents counts each of them by itself, whatever their digests.
func TestFewOccurrencesAreExact(t *testing.T) {
	var o Occurrences
	for round := range uint64(3) {
		for i := range maxFew {
			c := content{31: 1} // all begin alike
			binary.LittleEndian.PutUint32(c[16:], uint32(i))
			if n := o.count(c); n != round {
				t.Fatalf("content %d was counted %d times before, and came %d times", i, n, round)
			}
		}
	}
}

// Counts go on where they were when contents become too many to be counted one by one.
func TestOccurrencesAreKept(t *testing.T) {
	var o Occurrences
	repeated := content{1}
	for n := range uint64(5) {
		if got := o.count(repeated); got != n {
			t.Fatalf("counted %d times before, want %d", got, n)
		}
	}
	for i := range uint32(2 * maxFew) {
		c := content{}
		binary.LittleEndian.PutUint32(c[0:], 1000+i)
		binary.LittleEndian.PutUint32(c[4:], 2000+i)
		o.count(c)
	}
	if got := o.count(repeated); got != 5 {
		t.Errorf("counted %d times before, want 5", got)
	}
}
