package destination

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// crash is a panic on its way to the user. The text of a panic can be anything, a row or a credential that no redactor
// knows yet, so only what the runtime says is repeated; for the rest there is the place in the program.
type crash struct {
	value any
	stack []byte
}

func (c *crash) Error() string {
	what := fmt.Sprintf("a panic of type %T", c.value)
	if err, ok := c.value.(runtime.Error); ok {
		what = err.Error()
	}
	return fmt.Sprintf("the program is at fault, please report this: %s\n%s", what, c.stack)
}

// caught turns a panic into an error, so that it is reported as others are. Defer it.
func caught(err *error) {
	if value := recover(); value != nil {
		*err = &crash{value, debug.Stack()}
	}
}
