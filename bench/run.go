package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// sample is what one run took. Peak memory and processor time are those of the contender alone.
type sample struct {
	Seconds  float64
	CPU      float64
	PeakRSS  int64 // bytes
	Fed      int64 // bytes
	Received total
}

// once feeds a contender its input, from its start to its end.
func (c *contender) once(o *options, in *input) (*sample, error) {
	dir, err := os.MkdirTemp("", "bench")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // two small files
	e, err := startEndpoint(c.endpoint)
	if err != nil {
		return nil, err
	}
	f, err := startFeeder(in)
	if err != nil {
		return nil, err
	}
	args, err := c.command(o, in, &e.hello, dir)
	if err != nil {
		return nil, err
	}
	s := &sample{Fed: f.bytes}
	if err := s.run(c.start(args), f.out, c.program == "", in.states()); err != nil {
		return nil, fmt.Errorf("%s: %w", c.name, err)
	}
	if err := f.command.Wait(); err != nil {
		return nil, fmt.Errorf("feeding %s: %w", c.name, err)
	}
	s.Received, err = e.stop()
	return s, err
}

// start returns the command of the contender's program, on as many cores as it may use.
func (c *contender) start(args []string) *exec.Cmd {
	command := exec.Command(args[0], args[1:]...)
	if c.cores > 0 {
		command.Env = append(os.Environ(), fmt.Sprintf("GOMAXPROCS=%d", c.cores))
	}
	return command
}

// run runs the contender on its input. The destination has to release as many states as it was fed.
func (s *sample) run(command *exec.Cmd, in *os.File, states bool, want int) error {
	var errs bytes.Buffer
	out := &counter{word: []byte(`{"type":"STATE"`)}
	command.Stdin, command.Stdout, command.Stderr = in, out, &errs
	began := time.Now()
	err := command.Run()
	s.Seconds = time.Since(began).Seconds()
	_ = in.Close()
	if err != nil {
		return fmt.Errorf("%w: %s%s", err, errs.Bytes(), out.last)
	}
	if states && out.lines != want {
		return fmt.Errorf("%d states came out of %d", out.lines, want)
	}
	usage := command.ProcessState.SysUsage().(*syscall.Rusage)
	s.CPU = (command.ProcessState.UserTime() + command.ProcessState.SystemTime()).Seconds()
	s.PeakRSS = usage.Maxrss << 10 // Linux has it in KiB
	return nil
}

// counter counts the lines written to it that begin with a word, and keeps the last piece, for
// errors.
type counter struct {
	word  []byte
	lines int
	last  []byte
	begun []byte // a line's beginning
}

func (c *counter) Write(b []byte) (int, error) {
	c.last = append(c.last[:0], b...)
	for line := range bytes.Lines(b) {
		if c.begun = append(c.begun, line[:min(len(line), len(c.word))]...); line[len(line)-1] == '\n' {
			if bytes.HasPrefix(c.begun, c.word) {
				c.lines++
			}
			c.begun = c.begun[:0]
		}
	}
	return len(b), nil
}

// feeder is a process that writes an input to a pipe.
type feeder struct {
	command *exec.Cmd
	out     *os.File // the pipe's other end
	bytes   int64
}

// startFeeder returns when the input is ready.
func startFeeder(in *input) (*feeder, error) {
	text, err := json.Marshal(in)
	if err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	out, writer, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer writer.Close() //nolint:errcheck // the feeder has its own
	f := &feeder{command: exec.Command(self, "feed", string(text)), out: out}
	f.command.Stdout = writer
	ready, err := f.command.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := f.command.Start(); err != nil {
		return nil, err
	}
	if _, err := fmt.Fscan(bufio.NewReader(ready), &f.bytes); err != nil {
		return nil, fmt.Errorf("generating the input: %w", err)
	}
	return f, nil
}

// receiver is an endpoint in a process of its own.
type receiver struct {
	hello   hello
	command *exec.Cmd
	answers *json.Decoder
	end     func() error
}

func startEndpoint(args []string) (*receiver, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	r := &receiver{command: exec.Command(self, append([]string{"endpoint"}, args...)...)}
	r.command.Stderr = os.Stderr
	in, err := r.command.StdinPipe()
	if err != nil {
		return nil, err
	}
	r.end = in.Close
	out, err := r.command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := r.command.Start(); err != nil {
		return nil, err
	}
	r.answers = json.NewDecoder(out)
	if err := r.answers.Decode(&r.hello); err != nil {
		return nil, fmt.Errorf("starting the endpoint %s: %w", strings.Join(args, " "), err)
	}
	return r, nil
}

// stop ends the endpoint and returns what it has seen.
func (r *receiver) stop() (total, error) {
	var t total
	if err := r.end(); err != nil {
		return t, err
	}
	if err := r.answers.Decode(&t); err != nil {
		return t, err
	}
	return t, r.command.Wait()
}
