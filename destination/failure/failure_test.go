package failure

import (
	"errors"
	"fmt"
	"testing"

	"destination-webhook/protocol"
)

func TestConfigKeepsItsCause(t *testing.T) {
	cause := errors.New("cause")
	if err := Config(cause); !errors.Is(err, cause) || err.Error() != "cause" {
		t.Errorf("%v does not unwrap to its cause", err)
	}
}

func TestTypeOfIsThatOfTheFirstMark(t *testing.T) {
	marked := fmt.Errorf("sync: %w", errors.Join(errors.New("a"), Config(errors.New("b"))))
	if got, ok := TypeOf(marked); !ok || got != protocol.ConfigError {
		t.Errorf("got %s, %v", got, ok)
	}
	if got, ok := TypeOf(errors.New("a")); ok {
		t.Errorf("an error without a mark has type %s", got)
	}
}

type told bool

func (told) Error() string     { return "refused" }
func (t told) Permanent() bool { return bool(t) }

func TestIsPermanent(t *testing.T) {
	for want, err := range map[bool]error{true: fmt.Errorf("dial: %w", told(true)), false: told(false)} {
		if IsPermanent(err) != want {
			t.Errorf("%v is permanent: %v", err, !want)
		}
	}
	if IsPermanent(errors.New("refused")) {
		t.Error("an error that knows nothing is permanent")
	}
}
