package transport

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
)

func TestDialErrorsTellNothingOfTheNetwork(t *testing.T) {
	inner := &net.TCPAddr{IP: net.IPv4(10, 0, 0, 7), Port: 443}
	dialled := func(cause error) error {
		return outward(&net.OpError{Op: "dial", Net: "tcp", Addr: inner, Err: cause}, nil)
	}
	var refused *Refused
	err := dialled(&Refused{errors.New("its address is private")})
	if strings.Contains(err.Error(), "10.0.0.7") || !errors.As(err, &refused) {
		t.Errorf("a refused address: %v", err)
	}
	var dns *net.DNSError
	err = dialled(&net.DNSError{Name: "inner.test", Server: "10.0.0.7:53", IsTimeout: true})
	if strings.Contains(err.Error(), "10.0.0.7") || !errors.As(err, &dns) || !dns.IsTimeout {
		t.Errorf("a name server that does not answer: %v", err)
	}
}

// If users must not learn which names exist, one that does not looks like one that is refused.
func TestDialErrorsTellNoNames(t *testing.T) {
	refusal := errors.New("it leads to no public address")
	show := func(cause, unresolved error) string {
		err := outward(&net.OpError{Op: "dial", Net: "tcp", Err: cause}, unresolved)
		return fmt.Sprintf("%T: %v", err, err)
	}
	missing := &net.DNSError{Name: "inner.test", Err: "no such host", IsNotFound: true}
	if got, want := show(missing, refusal), show(&Refused{refusal}, refusal); got != want {
		t.Errorf("a name that does not exist shows as %s, a refused one as %s", got, want)
	}
	if got := show(missing, nil); !strings.Contains(got, "no such host") {
		t.Errorf("a name that does not exist shows as %s", got)
	}
	busy := &net.DNSError{Name: "inner.test", Err: "server misbehaving", IsTemporary: true}
	if got := show(busy, refusal); !strings.Contains(got, "server misbehaving") {
		t.Errorf("a lookup that may succeed later shows as %s", got)
	}
}

// A proxy that refuses will do so again, unless its status says that it is busy or failed.
func TestProxyAnswersThatMayPass(t *testing.T) {
	for status, permanent := range map[int]bool{403: true, 407: true, 408: false, 429: false, 502: false, 503: false} {
		if got := (&proxyAnswer{status}).Permanent(); got != permanent {
			t.Errorf("%d is permanent: %t", status, got)
		}
	}
}
