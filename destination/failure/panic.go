package failure

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// Panic is a panic on its way to the user. The text of a panic can be anything, a row or a
// credential that no redactor knows yet, so only what the runtime says is repeated, with the place
// in the program.
type Panic struct {
	value any
	stack []byte
}

func (p *Panic) Error() string {
	what := fmt.Sprintf("a panic of type %T", p.value)
	if err, ok := p.value.(runtime.Error); ok {
		what = err.Error()
	}
	return fmt.Sprintf("the program is at fault, please report this: %s\n%s", what, p.stack)
}

// RecoverTo turns a panic into an error, so that it is reported as other errors are. It has to be
// deferred.
func RecoverTo(err *error) {
	if value := recover(); value != nil {
		*err = &Panic{value, debug.Stack()}
	}
}
