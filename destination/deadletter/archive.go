package deadletter

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Archive is the place in which syncs have stored dead letters. Its files hold complete lines.
type Archive interface {
	// Names returns the names of the files, in the order in which they were begun.
	Names(ctx context.Context) ([]string, error)
	// Read calls f with each line of a file, without its end, until f returns an error. A line is
	// valid during the call. It returns ErrInUse for a file that a sync still writes.
	Read(ctx context.Context, name string, f func(line []byte) error) error
	// MoveDone moves those lines of a file that done, which is called with the number of each line
	// from 0, returns true for: to a file of the folder done. The others stay. If it fails or is
	// ended in between, a line may be in both places, and is never in none.
	MoveDone(ctx context.Context, name string, done func(line int) bool) error
	Close() error
}

// ErrInUse is the error of a file that a sync still writes.
var ErrInUse = errors.New("a sync still writes to it")

// doneFolder is the folder of the lines that are resolved.
const doneFolder = "done/"

// isDeadLetters reports whether a name is that of a file of dead letters.
func isDeadLetters(name string) bool {
	return strings.HasPrefix(name, "dead-letters-") && strings.HasSuffix(name, ".jsonl") &&
		!strings.Contains(name, "/") && name != probeName
}

// eachLine calls f with each line. What follows the last line end is the beginning of a line whose
// writing was broken off: nothing is said by it, and it is left out.
func eachLine(r io.Reader, f func(line []byte) error) error {
	lines := bufio.NewReader(r)
	for {
		line, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := f(line[:len(line)-1]); err != nil {
			return err
		}
	}
}

// part writes each line of r to one of two writers, and returns how many stay.
func part(r io.Reader, done func(line int) bool, moved, kept io.Writer) (left int, err error) {
	n := 0
	err = eachLine(r, func(line []byte) error {
		to := kept
		if done(n) {
			to = moved
		} else {
			left++
		}
		n++
		_, err := to.Write(append(line, '\n'))
		return err
	})
	return left, err
}

func failed(doing, name string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s dead letters of %s: %w", doing, name, err)
}
