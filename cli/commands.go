package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"destination-webhook/destination"
	"destination-webhook/destination/printable"
)

// commands builds the command tree.
type commands struct {
	process Process
	running bool // the arguments were valid: whoever meets an error from here on reports it
	output  outputFormat
}

func (c *commands) root() *cobra.Command {
	var version bool
	root := &cobra.Command{
		Use:   "destination-webhook",
		Short: "An Airbyte destination that delivers records to an HTTP endpoint in batches",
		Long: `An Airbyte destination that delivers records to an HTTP endpoint in batches.

It reads Airbyte messages, one JSON object per line, on stdin, and writes them to stdout. If stdout
is a terminal, it shows them as text.
LOG_LEVEL (FATAL, ERROR, WARN, INFO, DEBUG, TRACE) sets how much it logs.`,
		SilenceUsage:               true,
		SilenceErrors:              true,
		CompletionOptions:          cobra.CompletionOptions{DisableDefaultCmd: true},
		SuggestionsMinimumDistance: maxFlagDistance,
		Args:                       noArgs,
	}
	root.RunE = func(*cobra.Command, []string) error {
		if version {
			return c.printVersion()
		}
		return errors.New("no command given; use one of " + commandNames(root))
	}
	root.Flags().BoolVar(&version, "version", false, "print the version")
	root.SetFlagErrorFunc(flagError)
	root.AddCommand(c.spec(), c.check(), c.write(), c.preview(), c.schema(), c.deadLetters(), c.receive(), c.demo(), c.keys(), c.sign(), c.verify(), c.version(), c.completion())
	return root
}

func commandNames(root *cobra.Command) string {
	var names []string
	for _, cmd := range root.Commands() {
		if cmd.IsAvailableCommand() && cmd.Name() != "help" {
			names = append(names, cmd.Name())
		}
	}
	return strings.Join(names, ", ")
}

// run marks that the arguments were valid, so that later errors are not reported as errors of
// usage.
func (c *commands) run(f func(ctx context.Context) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, _ []string) error {
		c.running = true
		return f(cmd.Context())
	}
}

func (c *commands) spec() *cobra.Command {
	return &cobra.Command{
		Use: "spec", Short: "Print the connector's specification", Args: noArgs,
		Long:    "Print the connector's specification, a SPEC message with the JSON Schema of the config.",
		Example: "  destination-webhook spec",
		RunE:    c.run(func(context.Context) error { return c.program(nil).PrintSpec() }),
	}
}

func (c *commands) write() *cobra.Command {
	var config, catalog, syncID, report string
	cmd := &cobra.Command{
		Use: "write --config FILE --catalog FILE", Short: "Deliver the records on stdin", Args: noArgs,
		Long: `Deliver the records on stdin to the endpoint, and write each state to stdout after the endpoint has
taken all records before it.

If the sync fails, the exit code is 1 and the last message says why. The next sync continues after
the last state that was written.`,
		Example: `  destination-webhook receive &
  destination-webhook write --config sample/config.json --catalog sample/catalog.json < sample/records.jsonl`,
	}
	c.syncFlags(cmd, &config, &catalog)
	cmd.Flags().StringVar(&syncID, "sync-id", "", "the same text for all attempts of a sync, and another for each sync: what is sent again keeps its Webhook-Id (default: sync_id of the catalog, WORKER_JOB_ID)")
	reportFlag(cmd, &report)
	c.output.add(cmd)
	cmd.RunE = c.run(func(ctx context.Context) error {
		ctx, stop := untilSignal(ctx)
		defer stop()
		c.hintAtStdin()
		view := c.newView()
		defer view.Close()
		program := c.program(view)
		program.SyncID, program.Report = syncID, report
		return program.Write(ctx, config, catalog)
	})
	return cmd
}

func (c *commands) preview() *cobra.Command {
	var config, catalog string
	var asJSON bool
	cmd := &cobra.Command{
		Use: "preview --config FILE --catalog FILE", Short: "Show what a sync of the records on stdin would send, and send nothing", Args: noArgs,
		Long: `Show what a sync of the records on stdin would send: the rows by operation and the first request of
each stream. Nothing is sent, and a snapshot stays as it is.`,
		Example: "  destination-webhook preview --config sample/config.json --catalog sample/catalog.json < sample/records.jsonl",
	}
	c.syncFlags(cmd, &config, &catalog)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON, for programs")
	cmd.RunE = c.run(func(ctx context.Context) error {
		ctx, stop := untilSignal(ctx) // its scratch folder must be removed
		defer stop()
		c.hintAtStdin()
		return c.complain(c.program(nil).Preview(ctx, config, catalog, asJSON))
	})
	return cmd
}

func (c *commands) schema() *cobra.Command {
	var config, catalog string
	var openAPI bool
	cmd := &cobra.Command{
		Use: "schema --catalog FILE", Short: "Print what an endpoint receives, as JSON Schema or OpenAPI", Args: noArgs,
		Long:    "Print the JSON Schema (2020-12) of the requests that an endpoint receives for the streams of a catalog, or an OpenAPI 3.1 document of the endpoint.",
		Example: "  destination-webhook schema --config sample/config.json --catalog sample/catalog.json --openapi",
	}
	configFlag(cmd, &config, "the connector's config, a JSON file; without it the defaults apply")
	catalogFlag(cmd, &catalog)
	cmd.Flags().BoolVar(&openAPI, "openapi", false, "print an OpenAPI 3.1 document instead of a JSON Schema (2020-12)")
	require(cmd, "catalog")
	cmd.RunE = c.run(func(context.Context) error { return c.complain(c.program(nil).Schema(config, catalog, openAPI)) })
	return cmd
}

func (c *commands) version() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version", Args: noArgs,
		Long:    "Print the version of the program, which is the tag of its image.",
		Example: "  destination-webhook version",
		RunE:    c.run(func(context.Context) error { return c.printVersion() }),
	}
}

func (c *commands) printVersion() error {
	_, err := fmt.Fprintln(c.process.Stdout, c.process.Version)
	return err
}

// program returns the connector. Its messages go to the view, or to stdout as they are if there is
// none.
func (c *commands) program(v *view) *destination.Program {
	p := c.process
	program := &destination.Program{Spec: p.Spec, Version: p.Version, Stdin: p.Stdin, Stdout: p.Stdout, Getenv: p.Getenv}
	if v != nil {
		program.Stdout, program.Console = v.messages(), v.console()
	}
	return program
}

// complain prints what went wrong on stderr: commands for people do not speak the protocol.
func (c *commands) complain(err error) error {
	if err != nil {
		_, _ = fmt.Fprintf(c.process.Stderr, "destination-webhook: %s\n", printable.Text(err.Error()))
	}
	return err
}
