package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"syscall"

	"destination-webhook/bench/shape"
	"destination-webhook/protocol"
)

// input is what is fed to a contender.
type input struct {
	Shape   string
	Rows    int
	Streams int // that the rows go round
	States  int // rows between two states of a stream
	Times   int // that all of it is fed
	Keys    keys
}

// stream is the name of stream number n of this many.
func (in *input) stream(n int) string {
	if in.Streams == 1 {
		return "users"
	}
	return fmt.Sprintf("users_%d", n)
}

// total is how many rows are fed.
func (in *input) total() int { return in.Rows * in.Times }

// states is how many states are fed.
func (in *input) states() int {
	return (in.Rows/in.States + in.Streams) * in.Times
}

// generate makes the lines, with a state of every stream at the end.
func (in *input) generate() ([]byte, error) {
	s, err := shape.Parse(in.Shape)
	if err != nil {
		return nil, err
	}
	names := make([]string, in.Streams)
	for n := range names {
		names[n] = in.stream(n)
	}
	var b []byte
	key := in.Keys.chooser()
	for i := range in.Rows {
		stream := names[i%in.Streams]
		if b = s.AppendRecord(b, stream, key(i)); (i+1)%in.States == 0 {
			b = shape.AppendState(b, stream, i)
		}
	}
	for _, stream := range names {
		b = shape.AppendState(b, stream, in.Rows)
	}
	return b, nil
}

// feed generates its input, says how many bytes it is, and writes it to stdout, a pipe.
func feed(args []string) error {
	var in input
	if err := json.Unmarshal([]byte(args[0]), &in); err != nil {
		return err
	}
	b, err := in.generate()
	if err != nil {
		return err
	}
	protocol.EnlargePipe(os.Stdout)
	fmt.Fprintln(os.Stderr, len(b)*in.Times)
	os.Stdout.Fd() // from here on writes block in the system, as those of most sources do
	for range in.Times {
		if _, err := os.Stdout.Write(b); err != nil {
			if errors.Is(err, syscall.EPIPE) {
				return nil // the contender has failed, and says why itself
			}
			return err
		}
	}
	return nil
}
