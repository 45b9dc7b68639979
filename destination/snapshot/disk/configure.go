package disk

import (
	"fmt"

	"github.com/cockroachdb/pebble/v2"
)

// Configure makes a database work in the folder, which is open, and report what fails to it.
func (f *Folder) Configure(o *pebble.Options) {
	o.FS = f.files
	o.Lock = f.lock
	o.Logger = logger{f}
	o.EventListener = f.events()
}

// logger keeps the database's own log, which nobody asked for, off stderr.
type logger struct{ folder *Folder }

func (logger) Infof(string, ...any)  {}
func (logger) Errorf(string, ...any) {}

// Fatalf is how the database reports that it cannot go on. It must not return, and a panic would
// end the process: the database calls it with its locks held and not held. So the goroutine stops
// here, and Run does not wait for it.
func (l logger) Fatalf(format string, args ...any) {
	err := fmt.Errorf(format, args...)
	for _, arg := range args {
		if cause, ok := arg.(error); ok {
			err = cause // it says more than the text, which only shows it
		}
	}
	l.folder.failed(err)
	select {}
}

func (f *Folder) events() *pebble.EventListener {
	return &pebble.EventListener{
		// A flush or compaction that fails is tried again forever, while writes wait for it.
		BackgroundError: f.failed,
		// Reading damaged data returns an error; the default would end the process as well.
		DataCorruption: func(pebble.DataCorruptionInfo) {},
	}
}
