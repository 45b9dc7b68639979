// Package cli is the command line: it reads arguments, starts what they ask for, and turns the outcome into an exit code.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"destination-webhook/destination"
	"destination-webhook/destination/printable"
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
	exitFailed = 1 // reported on stdout, in the protocol's way
	exitUsage  = 2 // reported on stderr, in one line
)

// Outcome is how the process has to end.
type Outcome struct {
	Code   int
	Signal os.Signal // not nil: die of it, whatever the code
}

// Run runs the command that the arguments name.
func Run(ctx context.Context, p Process) Outcome {
	c := &commands{process: p}
	root := c.root()
	root.SetArgs(p.Args)
	root.SetIn(p.Stdin)
	root.SetOut(p.Stderr) // stdout carries the protocol alone
	root.SetErr(p.Stderr)
	err := root.ExecuteContext(ctx)
	interrupted := (*interruption)(nil)
	switch {
	case err == nil:
		return Outcome{Code: exitOK}
	case errors.As(err, &interrupted):
		return Outcome{Code: exitFailed, Signal: interrupted.signal}
	case c.running:
		return Outcome{Code: exitFailed}
	}
	_, _ = fmt.Fprintf(p.Stderr, "destination-webhook: %s; see destination-webhook --help\n", strings.ReplaceAll(printable.Text(err.Error()), "\n", "; "))
	return Outcome{Code: exitUsage}
}

// commands builds the command tree.
type commands struct {
	process Process
	running bool // past the usage: errors from here on are reported by who meets them
}

func (c *commands) root() *cobra.Command {
	var version bool
	root := &cobra.Command{
		Use:   "destination-webhook",
		Short: "An Airbyte destination that delivers records to an HTTP endpoint in batches",
		Long: `An Airbyte destination that delivers records to an HTTP endpoint in batches.

It reads Airbyte messages, one JSON object a line, on stdin, and writes them on stdout.
LOG_LEVEL (FATAL, ERROR, WARN, INFO, DEBUG, TRACE) sets how much it logs.`,
		SilenceUsage:      true,
		SilenceErrors:     true,
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
		Args:              noArgs,
		RunE: func(*cobra.Command, []string) error {
			if version {
				return c.printVersion()
			}
			return errors.New("which command? One of spec, check, write, preview, schema, receive, demo, keys, sign, verify, version")
		},
	}
	root.Flags().BoolVar(&version, "version", false, "print the version")
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error {
		if strings.Contains(err.Error(), "{") {
			return errors.New("a flag cannot be read: check how it is spelled")
		}
		return err
	})
	root.AddCommand(c.spec(), c.check(), c.write(), c.preview(), c.schema(), c.receive(), c.demo(), c.keys(), c.sign(), c.verify(), c.version())
	return root
}

// noArgs refuses arguments that are no flags.
func noArgs(cmd *cobra.Command, args []string) error {
	switch {
	case len(args) == 0:
		return nil
	case !destination.Showable(args[0]):
		return fmt.Errorf("an argument that no command of %q knows: a config is given as the name of its file", cmd.CommandPath())
	}
	return fmt.Errorf("unknown command %q for %q", args[0], cmd.CommandPath())
}

// run marks the point behind which an error is not one of usage.
func (c *commands) run(f func(ctx context.Context) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, _ []string) error {
		c.running = true
		return f(cmd.Context())
	}
}

func (c *commands) spec() *cobra.Command {
	return &cobra.Command{
		Use: "spec", Short: "Print the connector's specification", Args: noArgs,
		RunE: c.run(func(context.Context) error { return c.program().PrintSpec() }),
	}
}

func (c *commands) check() *cobra.Command {
	var config string
	cmd := &cobra.Command{Use: "check --config FILE", Short: "Try the endpoint: is it there, and does it know us?", Args: noArgs}
	cmd.Flags().StringVar(&config, "config", "", "the connector's config, a JSON file")
	require(cmd, "config")
	cmd.RunE = c.run(func(ctx context.Context) error { return c.program().Check(ctx, config) })
	return cmd
}

func (c *commands) write() *cobra.Command {
	var config, catalog string
	cmd := &cobra.Command{Use: "write --config FILE --catalog FILE", Short: "Deliver the records on stdin", Args: noArgs}
	cmd.Flags().StringVar(&config, "config", "", "the connector's config, a JSON file")
	cmd.Flags().StringVar(&catalog, "catalog", "", "the configured catalog, a JSON file")
	require(cmd, "config", "catalog")
	cmd.RunE = c.run(func(ctx context.Context) error {
		ctx, stop := untilSignal(ctx)
		defer stop()
		return c.program().Write(ctx, config, catalog)
	})
	return cmd
}

func (c *commands) preview() *cobra.Command {
	var config, catalog string
	var asJSON bool
	cmd := &cobra.Command{Use: "preview --config FILE --catalog FILE", Short: "Say what a sync of the records on stdin would send, and send nothing", Args: noArgs}
	cmd.Flags().StringVar(&config, "config", "", "the connector's config, a JSON file")
	cmd.Flags().StringVar(&catalog, "catalog", "", "the configured catalog, a JSON file")
	cmd.Flags().BoolVar(&asJSON, "json", false, "for programs")
	require(cmd, "config", "catalog")
	cmd.RunE = c.run(func(ctx context.Context) error {
		ctx, stop := untilSignal(ctx) // it has a scratch folder to remove
		defer stop()
		return c.complain(c.program().Preview(ctx, config, catalog, asJSON))
	})
	return cmd
}

func (c *commands) schema() *cobra.Command {
	var config, catalog string
	var openAPI bool
	cmd := &cobra.Command{Use: "schema --catalog FILE", Short: "Print what an endpoint receives, as JSON Schema or OpenAPI", Args: noArgs}
	cmd.Flags().StringVar(&config, "config", "", "the connector's config, a JSON file; without it the defaults hold")
	cmd.Flags().StringVar(&catalog, "catalog", "", "the configured catalog, a JSON file")
	cmd.Flags().BoolVar(&openAPI, "openapi", false, "an OpenAPI 3.1 document in place of a JSON Schema (2020-12)")
	require(cmd, "catalog")
	cmd.RunE = c.run(func(context.Context) error { return c.complain(c.program().Schema(config, catalog, openAPI)) })
	return cmd
}

func (c *commands) version() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version", Args: noArgs,
		RunE: c.run(func(context.Context) error { return c.printVersion() }),
	}
}

func (c *commands) printVersion() error {
	_, err := fmt.Fprintln(c.process.Stdout, c.process.Version)
	return err
}

func (c *commands) program() *destination.Program {
	p := c.process
	return &destination.Program{Spec: p.Spec, Version: p.Version, Stdin: p.Stdin, Stdout: p.Stdout, Terminal: terminal(p.Stderr), Getenv: p.Getenv}
}

// terminal returns w if a person watches it.
func terminal(w io.Writer) io.Writer {
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		return w
	}
	return nil
}

func require(cmd *cobra.Command, flags ...string) {
	for _, flag := range flags {
		if err := cmd.MarkFlagRequired(flag); err != nil {
			panic(err) // the flag is not defined: a mistake in this package
		}
	}
}

// interruption is a signal that asked the process to end.
type interruption struct{ signal os.Signal }

func (i *interruption) Error() string { return fmt.Sprintf("interrupted: %v", i.signal) }

// untilSignal returns a context that ends with the first SIGTERM or SIGINT, which is its cause then. The second one has its
// default action.
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
