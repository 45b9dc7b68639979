package receiver

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"
	"unicode"

	"destination-webhook/destination/signature"
	"destination-webhook/receiver/page"
)

// Server is a Receiver that listens on an address of its own.
type Server struct {
	*Receiver
	listener net.Listener
	http     *http.Server
	open     *connections
	close    func() error
}

// The least that a token has, white space apart: a shorter or a more regular one can be guessed.
const (
	minToken    = 16 // characters
	minDistinct = 8  // of them
)

// weakToken reports whether a token can be guessed.
func weakToken(token string) bool {
	distinct, number := map[rune]bool{}, 0
	for _, c := range token {
		if !unicode.IsSpace(c) && !unicode.IsControl(c) {
			distinct[c], number = true, number+1
		}
	}
	return number < minToken || len(distinct) < minDistinct
}

// Listen starts a Receiver on addr, such as "127.0.0.1:8080"; port 0 means a free one. It refuses
// an address that others can reach, unless Options.AllowRemote is set. The caller closes the
// Server, which waits for its goroutines.
func Listen(ctx context.Context, addr string, o Options) (*Server, error) {
	resolved, err := net.ResolveTCPAddr("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("listening on %s: %w", addr, err)
	}
	if !o.AllowRemote && !resolved.IP.IsLoopback() {
		return nil, fmt.Errorf("listening on %s: others can reach this address: use 127.0.0.1, or --allow-remote", addr)
	}
	if err := signature.CheckVerifying(o.SigningSecrets...); err != nil && len(o.SigningSecrets) > 0 {
		return nil, fmt.Errorf("reading the signing secrets: %w", err)
	}
	if o.Token != "" && weakToken(o.Token) {
		return nil, fmt.Errorf("listening on %s: a token of fewer than %d characters, or of fewer than %d different ones, can be guessed: choose another, or none, and one is made up", addr, minToken, minDistinct)
	}
	if o.AllowRemote && o.Token == "" {
		o.Token = rand.Text()
	}
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", resolved.String())
	if err != nil {
		return nil, fmt.Errorf("listening on %s: %w", addr, err)
	}
	s := newServer(New(o), listener)
	served := make(chan error, 1)
	go func() { served <- s.http.Serve(timedListener{listener}) }()
	s.close = sync.OnceValue(func() error { return s.shutdown(served) })
	return s, nil
}

func newServer(r *Receiver, listener net.Listener) *Server {
	s := &Server{Receiver: r, listener: listener, open: newConnections()}
	s.http = &http.Server{
		Handler:           r,
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       readTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		ConnState:         s.count,
	}
	return s
}

// count keeps count of the open connections, and closes those that are too many. The server then
// takes each for one whose client is gone.
func (s *Server) count(conn net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		s.journal.Connect(1)
	case http.StateClosed, http.StateHijacked:
		s.journal.Connect(-1)
	}
	if drop := s.open.observe(conn, state); drop != nil {
		_ = drop.Close()
	}
}

// URL returns the address at which senders on this machine reach the Server.
func (s *Server) URL() string {
	addr := *s.listener.Addr().(*net.TCPAddr)
	if addr.IP.IsUnspecified() { // every address of this machine: no browser opens 0.0.0.0 or [::]
		addr.IP = net.IPv4(127, 0, 0, 1)
	}
	return "http://" + addr.String()
}

// PageURL returns the address of the Server's page. It contains the token, if there is one: show it
// to the person who started the Server, and to nobody else.
func (s *Server) PageURL() string {
	address := s.URL() + page.Path
	if token := s.options.Token; token != "" {
		address += "?token=" + url.QueryEscape(token)
	}
	return address
}

// Close ends the Server. Requests under way get two seconds to be answered. Closing again changes
// nothing.
func (s *Server) Close() error { return s.close() }

func (s *Server) shutdown(served <-chan error) error {
	_ = s.Receiver.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	if s.http.Shutdown(ctx) != nil {
		_ = s.http.Close()
	}
	if err := <-served; !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serving: %w", err)
	}
	return nil
}
