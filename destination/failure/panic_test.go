package failure

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
)

// The value of a panic can be anything, a secret too; where it happened is what helps.
func TestPanicShowsWhatTheRuntimeSaysAlone(t *testing.T) {
	for name, test := range map[string]struct {
		value any
		want  string
	}{
		"a text":          {"hunter2", "a panic of type string"},
		"an error":        {errors.New("hunter2"), "a panic of type *errors.errorString"},
		"an error in one": {fmt.Errorf("token: %w", errors.New("hunter2")), "a panic of type *fmt.wrapError"},
		"a value":         {struct{ Key string }{"hunter2"}, "a panic of type struct"},
		"one of no value": {(*os.PathError)(nil), "a panic of type *fs.PathError"},
		"the runtime's":   {nil, "index out of range"},
	} {
		t.Run(name, func(t *testing.T) {
			err := panicking(test.value)
			if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), "failure.panicking") {
				t.Errorf("got %v, want the place and %q", err, test.want)
			}
			if strings.Contains(err.Error(), "hunter2") {
				t.Errorf("the value is shown: %v", err)
			}
		})
	}
}

func panicking(value any) (err error) {
	defer RecoverTo(&err)
	if value == nil {
		var none []int
		_ = none[len(os.Args)]
	}
	panic(value)
}
