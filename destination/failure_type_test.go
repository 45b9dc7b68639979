package destination

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"syscall"
	"testing"

	"destination-webhook/destination/answer"
	"destination-webhook/destination/bucket"
	"destination-webhook/destination/config"
	"destination-webhook/destination/delivery"
	"destination-webhook/destination/failure"
	"destination-webhook/destination/snapshot"
	"destination-webhook/protocol"
)

// forbidden is an address that the guard refuses.
type forbidden struct{}

func (forbidden) Error() string   { return "refused" }
func (forbidden) Permanent() bool { return true }

// What the platform does about a failed sync hangs on its type alone.
func TestFailureType(t *testing.T) {
	of := func(kind answer.Kind) error {
		return fmt.Errorf("stream users: %w", &delivery.Failure{Kind: kind, Advice: "advice"})
	}
	tests := map[string]struct {
		err  error
		want protocol.FailureType
	}{
		"invalid config":                {&config.Error{Problems: []string{"url: required"}}, protocol.ConfigError},
		"endpoint misconfigured":        {of(answer.Misconfigured), protocol.ConfigError},
		"payload refused":               {of(answer.Refused), protocol.ConfigError},
		"payload too large":             {of(answer.TooLarge), protocol.ConfigError},
		"endpoint down":                 {of(answer.Transient), protocol.TransientError},
		"delivery given up":             {of(answer.Canceled), protocol.SystemError},
		"broken line":                   {&protocol.SyntaxError{Line: 3, Problem: "not valid JSON"}, protocol.SystemError},
		"anything else":                 {errors.New("no space left on device"), protocol.SystemError},
		"told to be one":                {fmt.Errorf("sync: %w", failure.Config(of(answer.Transient))), protocol.ConfigError},
		"the first of several":          {errors.Join(failure.Config(errors.New("a")), errors.New("b")), protocol.ConfigError},
		"snapshot in use":               {fmt.Errorf("snapshot: %w", snapshot.ErrInUse), protocol.TransientError},
		"another sync was first":        {fmt.Errorf("saving: %w", bucket.ErrConflict), protocol.TransientError},
		"bucket fails":                  {fmt.Errorf("saving: %w", &bucket.Refused{Status: 503}), protocol.TransientError},
		"bucket asks to wait":           {&bucket.Refused{Status: 429}, protocol.TransientError},
		"bucket refuses":                {fmt.Errorf("saving: %w", &bucket.Refused{Status: 403}), protocol.ConfigError},
		"bucket unreachable":            {fmt.Errorf("reading: %w", &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}), protocol.TransientError},
		"bucket broke off":              {fmt.Errorf("reading: %w", io.ErrUnexpectedEOF), protocol.TransientError},
		"bucket closed":                 {fmt.Errorf("reading: %w", io.EOF), protocol.TransientError},
		"bucket too slow":               {fmt.Errorf("reading: %w", context.DeadlineExceeded), protocol.TransientError},
		"bucket's name unknown":         {&net.OpError{Op: "dial", Err: &net.DNSError{IsNotFound: true}}, protocol.ConfigError},
		"name server away":              {&net.OpError{Op: "dial", Err: &net.DNSError{IsTimeout: true}}, protocol.TransientError},
		"bucket not trusted":            {fmt.Errorf("reading: %w", &tls.CertificateVerificationError{Err: errors.New("x")}), protocol.ConfigError},
		"address refused":               {&net.OpError{Op: "dial", Err: forbidden{}}, protocol.ConfigError},
		"no such file":                  {fmt.Errorf("snapshot: %w", &fs.PathError{Op: "open", Err: syscall.ENOENT}), protocol.SystemError},
		"bucket is silent":              {fmt.Errorf("reading: %w", bucket.ErrSilent), protocol.TransientError},
		"after an error without a type": {errors.Join(errors.New("b"), of(answer.Transient)), protocol.TransientError},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := failureType(test.err); got != test.want {
				t.Errorf("%v is a %s, want %s", test.err, got, test.want)
			}
		})
	}
}
