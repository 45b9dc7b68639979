// Command verify receives webhooks and accepts only those that are signed with WEBHOOK_SECRET, a
// secret (whsec_…) or the sender's public key (whpk_…).
package main

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"time"
)

const maxBody = 16 << 20 // above the destination's batching.max_bytes

// receive answers 204 to a request that is signed, and 401 to any other.
func receive(webhook verifier) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := readBody(r)
		if err != nil {
			http.Error(w, "cannot read the body", http.StatusBadRequest)
			return
		}
		// The very bytes that came in: decoded and encoded again they differ.
		if err := webhook.Verify(body, r.Header); err != nil {
			http.Error(w, "not signed by us", http.StatusUnauthorized)
			return
		}
		// Store the batch before the answer. A batch that is sent again has the
		// same Webhook-Id.
		w.WriteHeader(http.StatusNoContent)
	}
}

// readBody returns the uncompressed body, which is what is signed.
func readBody(r *http.Request) ([]byte, error) {
	body := io.LimitReader(r.Body, maxBody)
	if r.Header.Get("Content-Encoding") == "gzip" {
		unzipped, err := gzip.NewReader(body)
		if err != nil {
			return nil, err
		}
		body = unzipped
	}
	content, err := io.ReadAll(io.LimitReader(body, maxBody+1))
	if err == nil && len(content) > maxBody {
		err = errors.New("body is too large")
	}
	return content, err
}

func main() {
	webhook, err := newVerifier(os.Getenv("WEBHOOK_SECRET"))
	if err != nil {
		log.Fatal("WEBHOOK_SECRET is not a signing secret or a public key")
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Fprintf(os.Stdout, "http://%s\n", listener.Addr())
	server := &http.Server{Handler: receive(webhook), ReadTimeout: time.Minute}
	log.Fatal(server.Serve(listener))
}
