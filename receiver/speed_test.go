package receiver_test

import (
	"net/http"
	"strings"
	"testing"

	"destination-webhook/receiver"
)

// BenchmarkReceive is a batch of 1000 rows over a socket, kept and discarded.
func BenchmarkReceive(b *testing.B) {
	body := `{"sync_mode":"insert","rows":[` + strings.Join(rows(1000, "added"), ",") + `]}`
	for name, discard := range map[string]bool{"keep": false, "discard": true} {
		b.Run(name, func(b *testing.B) {
			s, err := receiver.Listen(b.Context(), "127.0.0.1:0", receiver.Options{Discard: discard})
			if err != nil {
				b.Fatal(err)
			}
			defer func() { _ = s.Close() }()
			b.SetBytes(int64(len(body)))
			for b.Loop() {
				resp, err := http.Post(s.URL(), "application/json", strings.NewReader(body))
				if err != nil {
					b.Fatal(err)
				}
				_ = resp.Body.Close()
			}
			http.DefaultClient.CloseIdleConnections()
		})
	}
}
