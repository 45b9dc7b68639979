package snapshot

import "fmt"

// quiet keeps the database's own log, which nobody asked for, off stderr.
type quiet struct{ fatal func(error) }

func (quiet) Infof(string, ...any)  {}
func (quiet) Errorf(string, ...any) {}

// Fatalf is the database's last word: it has lost its disk and relies on not coming back.
func (q quiet) Fatalf(format string, args ...any) {
	err := fmt.Errorf("writing the snapshot: "+format, args...)
	if q.fatal != nil {
		q.fatal(err)
	}
	panic(err)
}
