// Command go is an endpoint: it takes rows from the sender whose signature is right, keeps them in
// tables in memory and refuses those it cannot take, row by row. GET / shows the tables. Run it
// with: WEBHOOK_SECRET=whsec_… (or whpk_…) go run .
package main

import (
	"cmp"
	"encoding/json"
	"log"
	"net"
	"net/http"
	"os"
	"strings"
	"time"
)

func (e *endpoint) show(w http.ResponseWriter, _ *http.Request) {
	e.mu.Lock()
	defer e.mu.Unlock()
	_ = json.NewEncoder(w).Encode(e.tables)
}

func main() {
	secret := os.Getenv("WEBHOOK_SECRET")
	webhook, err := newVerifier(secret)
	// With an empty key everybody could sign.
	if err != nil || strings.TrimPrefix(secret, "whsec_") == "" {
		log.Fatal("WEBHOOK_SECRET is not a signing secret or a public key")
	}
	e := newEndpoint(webhook)
	mux := http.NewServeMux()
	mux.HandleFunc("POST /", e.receive)
	mux.HandleFunc("GET /", e.show)
	listener, err := net.Listen("tcp", net.JoinHostPort(cmp.Or(os.Getenv("HOST"), "127.0.0.1"), cmp.Or(os.Getenv("PORT"), "8080")))
	if err != nil {
		log.Fatal(err)
	}
	log.Printf("listening on http://%s", listener.Addr())
	log.Fatal((&http.Server{Handler: mux, ReadTimeout: time.Minute}).Serve(listener))
}
