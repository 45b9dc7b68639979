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
	// The oldest first: a line that settles ids is needed as long as their letters are there.
	for _, name := range l.names {
		if !l.moves[name] {
			continue
		}
		if err := archive.Settle(ctx, name, func(line int) bool { return l.Settled(name, line) }); err != nil {
			return err
		}
	}
	return nil
}

// Ledger is what the lines of an archive say of the rows that later syncs try again.
type Ledger struct {
	names   []string
	files   map[string][]entry
	settled map[string]bool   // ids
	newest  map[string]*entry // by id
	moves   map[string]bool   // files with a line that is settled
	inUse   bool              // a file could not be read, as a sync writes it
}

// entry is a line: the letter of a row that is tried again, one that settles others, or another.
type entry struct {
	id      string
	settles bool
	number  int // among all lines
}

// ReadLedger reads an archive.
func ReadLedger(ctx context.Context, archive deadletter.Archive) (*Ledger, error) {
	l := &Ledger{files: make(map[string][]entry), settled: make(map[string]bool), newest: make(map[string]*entry), moves: make(map[string]bool)}
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
			l.moves[name] = l.moves[name] || l.Settled(name, line)
		}
	}
	return l, nil
}

// Names returns the names of the files, in the order in which they were begun.
func (l *Ledger) Names() []string { return l.names }

func (l *Ledger) entry(line []byte, number int) entry {
	e := entry{number: number}
	ids, ok := deadletter.ParseSettled(line)
	if e.settles = ok; ok {
		for _, id := range ids {
			l.settled[id] = true
		}
	} else if letter, err := deadletter.Parse(line); err == nil && letter.Rejection.Retry.ID != "" {
		e.id = letter.Rejection.Retry.ID
		l.newest[e.id] = &e
	}
	return e
}

// Settled reports whether a line of a file needs to be kept no longer.
func (l *Ledger) Settled(name string, line int) bool {
	if line >= len(l.files[name]) {
		return false
	}
	e := l.files[name][line]
	return e.settles || e.id != "" && (l.settled[e.id] || l.newest[e.id].number != e.number)
}
