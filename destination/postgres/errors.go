package postgres

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"destination-webhook/destination/auth"
	"destination-webhook/destination/failure"
)

var (
	// errInUse is the error of locking a stream that another sync works on.
	errInUse = errors.New("another sync is using the tables of this stream: let it finish, or give each connection a prefix of its own")
	// errVersion is the error of tables that a later version has made.
	errVersion = failure.Config(errors.New("a later version of the connector has made the tables: use that one, or another prefix"))

	errSilent = errors.New("no answer within")
)

// resume ends what to do about a server that is out of order.
const resume = "the next sync sends again what is not stored"

// serverError is an answer of the server. Its message is left out: it may repeat rows.
type serverError struct{ Code string } // SQLSTATE

func (e *serverError) Error() string {
	if len(e.Code) != 5 {
		return fmt.Sprintf("the server answers with an SQLSTATE of %d bytes", len(e.Code))
	}
	return "the server answers with SQLSTATE " + e.Code
}

// advice says what to do about an answer, by the beginning of its code, the longest first.
var advice = []struct {
	code      string
	permanent bool
	text      string
}{
	{"53100", false, "the server's disk is full: free some of it, and " + resume},
	{"53300", false, "the server has no connection left: raise max_connections or run fewer syncs at once, and " + resume},
	{"53", false, "the server is short of memory, disk or connections, and " + resume},
	{"57014", false, "the server took longer than a minute: look at its load, and " + resume},
	{"57", false, "the server is restarting or has ended the connection: see that it runs, and " + resume},
	{"58", false, "the server has trouble with its disk: look at its log, and " + resume},
	{"08", false, "the connection to the server is lost: see that it runs, and " + resume},
	{"25006", false, "the server takes no writes: it is a standby, or read-only; give the address of the primary, and " + resume},
	{"55P03", false, "another session locks the tables: see pg_locks, and " + resume},
	{"40", false, "the server has rolled the transaction back, and " + resume},
	{"28", true, "the server refuses the URL's user or password: correct them"},
	{"3D000", true, "the URL's database does not exist: create it"},
	{"3F000", true, "the schema does not exist, and the URL's user may not create it: create it"},
	{"42501", true, "the URL's user lacks a right: GRANT it CREATE and USAGE on the schema, or make it the owner of the tables"},
}

// withLimit bounds a context; its cause is then errSilent.
func withLimit(ctx context.Context, limit time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, limit, fmt.Errorf("%w %v", errSilent, limit))
}

// explain reduces an error to what may be shown, and adds what to do about it.
func explain(ctx context.Context, err error) error {
	var answer *pgconn.PgError
	var certificate *tls.CertificateVerificationError
	var network net.Error
	switch {
	case err == nil:
		return nil
	case errors.Is(err, errTooMuch):
		return errTooMuch
	case errors.As(err, &answer):
		return explainAnswer(answer.Code)
	case errors.Is(context.Cause(ctx), errSilent):
		return fmt.Errorf("the server hangs: see that it runs, and %s: %w", resume, context.Cause(ctx))
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.As(err, &certificate):
		return failure.Config(fmt.Errorf("the server's certificate is not accepted: %w", &certificateError{certificate}))
	case failure.IsPermanent(err), errors.As(err, &network):
		return fmt.Errorf("the server cannot be reached: see that it runs, and %s: %w", resume, cause(err))
	case isOwn(err):
		return err
	}
	return fmt.Errorf("the connection to the server is lost: see that it runs, and %s: %w", resume, errLost)
}

// certificateError shows names of a certificate as those of other servers: quoted, or by their
// length.
type certificateError struct{ err error }

func (e *certificateError) Error() string {
	if text, is := auth.DescribeServersTLSError(e.err); is {
		return text
	}
	return "it cannot be verified"
}

func (e *certificateError) Unwrap() error { return e.err }

// isOwn reports whether an error is one of this package.
func isOwn(err error) bool {
	return slices.ContainsFunc([]error{errInUse, errVersion, errEncoding, errNumber, errTried}, func(own error) bool { return errors.Is(err, own) })
}

// explainConnecting is explain for a connection that could not be made.
func explainConnecting(ctx context.Context, err error) error {
	explained := explain(ctx, err)
	if errors.Is(explained, errLost) {
		return fmt.Errorf("%w: look at the URL's host, port and sslmode: %w", errLost, cause(err))
	}
	return explained
}

var errLost = errors.New("the connection is closed")

// explainAnswer explains an SQLSTATE.
func explainAnswer(code string) error {
	for _, a := range advice {
		if !strings.HasPrefix(code, a.code) {
			continue
		}
		err := fmt.Errorf("%s: %w", a.text, &serverError{code})
		if a.permanent {
			return failure.Config(err)
		}
		return err
	}
	return &serverError{code}
}

// cause returns the error below those of the library, which repeat the URL.
func cause(err error) error {
	for {
		switch err.(type) { //nolint:errorlint // the chain is walked
		case *net.OpError, *net.DNSError:
			return err
		}
		below := errors.Unwrap(err)
		if below == nil {
			return err
		}
		err = below
	}
}

// Transient reports whether the server may take a later sync.
func Transient(err error) bool {
	var refused *serverError
	if errors.As(err, &refused) {
		return !permanent(refused.Code)
	}
	return errors.Is(err, errSilent) || errors.Is(err, errLost) || errors.Is(err, errInUse)
}

// permanent reports whether waiting does not help.
func permanent(code string) bool {
	for _, a := range advice {
		if strings.HasPrefix(code, a.code) {
			return a.permanent
		}
	}
	return true
}
