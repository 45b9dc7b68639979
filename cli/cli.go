// Package cli is the command line: it reads arguments, runs the command that they name, and turns
// the outcome into an exit code.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

// Process is what a command needs of the process it runs in.
type Process struct {
	Args           []string // without the program's name
	Spec           []byte   // spec.json
	Version        string
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	Getenv         func(string) string
}

// Exit codes.
const (
	exitOK     = 0
	exitFailed = 1 // reported on stdout, as a message of the protocol
	exitUsage  = 2 // reported on stderr, in one line
)

// Outcome is how the process must end.
type Outcome struct {
	Code   int
	Signal os.Signal // if not nil, the process dies of it, whatever the code
}

// Run runs the command that the arguments name.
func Run(ctx context.Context, p Process) Outcome {
	c := &commands{process: p}
	root := c.root()
	root.SetArgs(p.Args)
	root.SetIn(p.Stdin)
	root.SetOut(helpWriter(p)) // stdout carries the protocol alone
	root.SetErr(p.Stderr)
	cmd, err := root.ExecuteContextC(ctx)
	interrupted := (*interruption)(nil)
	switch {
	case err == nil:
		return Outcome{Code: exitOK}
	case errors.As(err, &interrupted):
		return Outcome{Code: exitFailed, Signal: interrupted.signal}
	case c.running:
		return Outcome{Code: exitFailed}
	}
	printUsageError(p.Stderr, cmd, err)
	return Outcome{Code: exitUsage}
}

// helpWriter returns where help is printed: stderr, except for the answers that a shell's
// completion reads from stdout.
func helpWriter(p Process) io.Writer {
	if len(p.Args) > 0 && (p.Args[0] == cobra.ShellCompRequestCmd || p.Args[0] == cobra.ShellCompNoDescRequestCmd) {
		return p.Stdout
	}
	return p.Stderr
}

// interruption is a signal that asked the process to end.
type interruption struct{ signal os.Signal }

func (i *interruption) Error() string { return fmt.Sprintf("interrupted: %v", i.signal) }

// untilSignal returns a context that ends with the first SIGTERM or SIGINT, which is then its
// cause. The second one has its default action.
func untilSignal(parent context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(parent)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, os.Interrupt)
	go func() {
		defer signal.Stop(signals)
		select {
		case s := <-signals:
			cancel(&interruption{s})
		case <-ctx.Done():
		}
	}()
	return ctx, func() { cancel(context.Canceled) }
}
