package postgres

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	_ "embed"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"destination-webhook/destination/failure"
	"destination-webhook/destination/redact"
)

// Options say where the tables are.
type Options struct {
	URL    redact.Secret
	Schema string // "": public
	Prefix string // of the tables' names
	// Dial connects; nil: without a guard.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// VerifiedTLS refuses a connection whose server does not prove its name.
	VerifiedTLS bool
}

// Server is a database in which there are tables, or will be.
type Server struct {
	config *pgx.ConnConfig
	names  names
}

const (
	// connectTime and callTime bound how long a connection, and a call, may take.
	connectTime = 20 * time.Second
	callTime    = time.Minute
)

// allowedKeys are the parameters that a URL may have. Others name files and services of the
// machine, or change what the session means.
var allowedKeys = []string{
	"host", "port", "user", "password", "database", "sslmode", "sslrootcert", "sslnegotiation", "channel_binding", "target_session_attrs", "application_name",
}

// errURL is the error of a URL that cannot be read. The library's own has parts of it.
var errURL = errors.New("it is not a URL such as postgres://user:password@host:5432/database?sslmode=verify-full, " +
	"whose parameters may be sslmode, sslrootcert, sslnegotiation, channel_binding, target_session_attrs and application_name")

// New reads the URL. It contacts nobody.
func New(o Options) (*Server, error) {
	address, err := url.Parse(o.URL.Reveal())
	if err != nil || address.Hostname() == "" || address.User.Username() == "" || len(address.Path) < 2 {
		return nil, failure.Config(errURL)
	}
	if root := address.Query().Get("sslrootcert"); root != "" && !isCertificateFile(root) {
		return nil, failure.Config(errRoot)
	}
	config, err := pgx.ParseConfigWithOptions(o.URL.Reveal(), pgx.ParseConfigOptions{
		ParseConfigOptions: pgconn.ParseConfigOptions{ConnStringAllowedKeys: allowedKeys},
	})
	if err != nil {
		return nil, failure.Config(errURL)
	}
	config.Password, _ = address.User.Password() // and not that of a file or variable of the machine
	withoutTheMachine(config)
	config.ConnectTimeout = connectTime
	config.BuildFrontend = newFrontend
	if o.Dial != nil {
		config.DialFunc = o.Dial
		// The dialer looks names up.
		config.LookupFunc = func(_ context.Context, host string) ([]string, error) { return []string{host}, nil }
	}
	if o.VerifiedTLS && !verified(config) {
		return nil, failure.Config(errors.New("this deployment connects to servers that prove their names only: set sslmode=verify-full"))
	}
	return &Server{config: config, names: newNames(o.Schema, o.Prefix)}, nil
}

// maxRoot bounds the file of sslrootcert, in bytes.
const maxRoot = 1 << 20

// errRoot is the error of a file that the library would read to its end, whatever it is.
var errRoot = errors.New("sslrootcert of the URL names no file of certificates of at most 1 MiB: name one in PEM form")

// isCertificateFile reports whether a path names a file of certificates. A device or a pipe has no
// end, and an error of its own for a file of another kind would tell which files the machine has.
// The library reads "system" as the system's certificates.
func isCertificateFile(path string) bool {
	if path == "system" {
		return true
	}
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() || info.Size() > maxRoot {
		return false
	}
	text, err := os.ReadFile(path)
	return err == nil && x509.NewCertPool().AppendCertsFromPEM(text)
}

// withoutTheMachine takes out what the library adds from variables and files of the machine: client
// certificates, and options of the session.
func withoutTheMachine(config *pgx.ConnConfig) {
	delete(config.RuntimeParams, "options")
	configs := []*tls.Config{config.TLSConfig}
	for _, f := range config.Fallbacks {
		configs = append(configs, f.TLSConfig)
	}
	for _, c := range configs {
		if c != nil {
			// An empty list, or the library reads its files.
			c.Certificates, c.GetClientCertificate = []tls.Certificate{}, nil
		}
	}
}

// verified reports whether each connection would verify the server's name.
func verified(config *pgx.ConnConfig) bool {
	ok := config.TLSConfig != nil && !config.TLSConfig.InsecureSkipVerify
	for _, f := range config.Fallbacks {
		ok = ok && f.TLSConfig != nil && !f.TLSConfig.InsecureSkipVerify
	}
	return ok
}

// String names the place without its credentials.
func (s *Server) String() string {
	return fmt.Sprintf("%s/%s, tables %s*", net.JoinHostPort(s.config.Host, fmt.Sprint(s.config.Port)), s.config.Database, s.names.shown)
}

// session is what each connection sets: a lock must not outlive a process that is gone for long,
// nor end while it is idle, and a confirmed write is on the disk.
//
//go:embed session.sql
var session string

// connect opens a connection.
func (s *Server) connect(ctx context.Context, stop context.Context, failed func(error)) (*conn, error) {
	ctx, cancel := withLimit(ctx, s.config.ConnectTimeout)
	defer cancel()
	c, err := pgx.ConnectConfig(ctx, s.config)
	if err != nil {
		return nil, explainConnecting(ctx, err)
	}
	if _, err := c.Exec(ctx, session); err != nil {
		return nil, errors.Join(explain(ctx, err), c.Close(context.Background()))
	}
	return &conn{c: c, limit: callTime, stop: stop, failed: failed}, nil
}
