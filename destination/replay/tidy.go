package replay

import (
	"context"
	"errors"

	"destination-webhook/destination/deadletter"
)

// Tidy puts the dead letters of an archive aside that wait no longer: those whose rows were taken
// or replaced, and of each row all but the newest. What it does not get to is left to the next
// sync.
func Tidy(ctx context.Context, archive deadletter.Archive) error {
	l, err := ReadLedger(ctx, archive)
	if err != nil || l.inUse { // the lines of a file in use may have to do with any others
		return err
	}
	// The oldest first: a line that resolves ids is needed as long as their letters are there.
	for _, name := range l.names {
		if !l.moves[name] {
			continue
		}
		if err := archive.MoveDone(ctx, name, func(line int) bool { return l.Done(name, line) }); err != nil {
			return err
		}
	}
	return nil
}

// Ledger is what the lines of an archive say of the rows that later syncs try again.
type Ledger struct {
	names    []string
	files    map[string][]entry
	resolved map[string]bool   // ids
	newest   map[string]*entry // by id
	moves    map[string]bool   // files with a line that is done
	inUse    bool              // a file could not be read, as a sync writes it
}

// entry is a line: the letter of a row that is tried again, one that resolves others, or another.
type entry struct {
	id       string
	resolves bool
	number   int // among all lines
}

// ReadLedger reads an archive.
func ReadLedger(ctx context.Context, archive deadletter.Archive) (*Ledger, error) {
	l := &Ledger{files: make(map[string][]entry), resolved: make(map[string]bool), newest: make(map[string]*entry), moves: make(map[string]bool)}
	var err error
	if l.names, err = archive.Names(ctx); err != nil {
		return nil, err
	}
	n := 0
	for _, name := range l.names {
		err := archive.Read(ctx, name, func(line []byte) error {
			n++
			l.files[name] = append(l.files[name], l.entry(line, n))
			return nil
		})
		if errors.Is(err, deadletter.ErrInUse) {
			l.inUse = true
		} else if err != nil {
			return nil, err
		}
	}
	for name, entries := range l.files {
		for line := range entries {
			l.moves[name] = l.moves[name] || l.Done(name, line)
		}
	}
	return l, nil
}

// Names returns the names of the files, in the order in which they were begun.
func (l *Ledger) Names() []string { return l.names }

func (l *Ledger) entry(line []byte, number int) entry {
	e := entry{number: number}
	ids, ok := deadletter.ParseResolved(line)
	if e.resolves = ok; ok {
		for _, id := range ids {
			l.resolved[id] = true
		}
	} else if letter, err := deadletter.Parse(line); err == nil && letter.Rejection.Retry.ID != "" {
		e.id = letter.Rejection.Retry.ID
		l.newest[e.id] = &e
	}
	return e
}

// Done reports whether a line of a file needs to be kept no longer.
func (l *Ledger) Done(name string, line int) bool {
	if line >= len(l.files[name]) {
		return false
	}
	e := l.files[name][line]
	return e.resolves || e.id != "" && (l.resolved[e.id] || l.newest[e.id].number != e.number)
}
