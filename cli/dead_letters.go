package cli

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"destination-webhook/destination/replay"
)

// deadLetters is the group of commands about rows that the endpoint refused.
func (c *commands) deadLetters() *cobra.Command {
	cmd := &cobra.Command{
		Use: "dead-letters", Short: "List, show and send again the rows that the endpoint refused",
		Long: `List, show and send again the rows that the endpoint refused and that the config's dead_letter keeps in
a folder or a bucket.`,
		Example: `  destination-webhook dead-letters list --config config.json
  destination-webhook dead-letters replay --config config.json --catalog catalog.json --status 422`,
		Args: noArgs,
	}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return fmt.Errorf("no command given; use one of %s", commandNames(cmd))
	}
	cmd.AddCommand(c.listDeadLetters(), c.showDeadLetters(), c.replayDeadLetters())
	return cmd
}

func (c *commands) listDeadLetters() *cobra.Command {
	var config string
	var filter replay.Filter
	var asJSON bool
	cmd := &cobra.Command{
		Use: "list --config FILE", Short: "Count the dead letters by stream, status and reason", Args: noArgs,
		Long:    "Count the dead letters by stream, status of the answer and reason.",
		Example: "  destination-webhook dead-letters list --config config.json --since 24h",
	}
	configFlag(cmd, &config, "the connector's config, a JSON file")
	filterFlags(cmd, &filter)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON, for programs")
	require(cmd, "config")
	cmd.RunE = c.run(func(ctx context.Context) error {
		return c.complain(c.program(nil).ListDeadLetters(ctx, config, filter, asJSON))
	})
	return cmd
}

func (c *commands) showDeadLetters() *cobra.Command {
	var config string
	var filter replay.Filter
	var limit int
	var asJSON bool
	cmd := &cobra.Command{
		Use: "show --config FILE", Short: "Show dead letters, the oldest first", Args: noArgs,
		Long: `Show dead letters, the oldest first: when, of which stream, why, and the record's data.

With --json they are printed as they are stored, a RECORD a line, which write takes as its input.`,
		Example: "  destination-webhook dead-letters show --config config.json --stream users --status 422",
	}
	configFlag(cmd, &config, "the connector's config, a JSON file")
	filterFlags(cmd, &filter)
	cmd.Flags().IntVar(&limit, "limit", 20, "show up to this many; 0: all")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print them as they are stored")
	require(cmd, "config")
	cmd.RunE = c.run(func(ctx context.Context) error {
		return c.complain(c.program(nil).ShowDeadLetters(ctx, config, filter, limit, asJSON))
	})
	return cmd
}

func (c *commands) replayDeadLetters() *cobra.Command {
	var config, catalog, report string
	var filter replay.Filter
	var dryRun bool
	cmd := &cobra.Command{
		Use: "replay --config FILE --catalog FILE", Short: "Send dead letters again", Args: noArgs,
		Long: `Send the newest dead letter of each key again. With a snapshot, keys that the endpoint got since are
left out. Handled ones are moved to the folder done beside the dead letters.

The exit code is 0 only if every selected dead letter was handled.`,
		Example: "  destination-webhook dead-letters replay --config config.json --catalog catalog.json --dry-run",
	}
	c.syncFlags(cmd, &config, &catalog)
	filterFlags(cmd, &filter)
	cmd.Flags().StringVar(&filter.Key, "key", "", "only the row with this primary key; a composite one as JSON")
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "say what would be sent, and send nothing")
	reportFlag(cmd, &report)
	c.output.add(cmd)
	cmd.RunE = c.run(func(ctx context.Context) error {
		ctx, stop := untilSignal(ctx)
		defer stop()
		view := c.newView()
		defer view.Close()
		program := c.program(view)
		program.Report = report
		return program.ReplayDeadLetters(ctx, config, catalog, filter, dryRun)
	})
	return cmd
}

// filterFlags adds the flags that select dead letters.
func filterFlags(cmd *cobra.Command, f *replay.Filter) {
	cmd.Flags().StringVar(&f.Stream, "stream", "", "only of this stream; with its namespace, or without for all")
	cmd.Flags().Var((*deadLetterStatus)(&f.Status), "status", "only those rejected with this status; none: those that were not sent")
	cmd.Flags().Var(&moment{at: &f.Since, now: time.Now}, "since", "only those rejected since a time (2026-01-31T12:00:00Z, 2026-01-31) or so long ago (90m, 24h)")
}

// deadLetterStatus is a flag for the status of a dead letter.
type deadLetterStatus int

func (s *deadLetterStatus) Type() string { return "status" }

func (s *deadLetterStatus) String() string {
	switch *s {
	case 0:
		return ""
	case replay.NeverSent:
		return "none"
	}
	return strconv.Itoa(int(*s))
}

// Set implements pflag.Value.
func (s *deadLetterStatus) Set(value string) error {
	if value == "none" {
		*s = replay.NeverSent
		return nil
	}
	n, err := strconv.Atoi(value)
	if err != nil || n < 100 || n > 599 {
		return errors.New("expected a status from 100 to 599, or none")
	}
	*s = deadLetterStatus(n)
	return nil
}

// moment is a flag for a time, or for how long ago it was.
type moment struct {
	at   *time.Time
	now  func() time.Time
	text string
}

func (m *moment) Type() string   { return "time" }
func (m *moment) String() string { return m.text }

// Set implements pflag.Value.
func (m *moment) Set(value string) error {
	m.text = value
	if ago, err := time.ParseDuration(value); err == nil && ago >= 0 {
		*m.at = m.now().Add(-ago)
		return nil
	}
	for _, layout := range []string{time.RFC3339, time.DateTime, time.DateOnly} {
		if at, err := time.Parse(layout, value); err == nil {
			*m.at = at
			return nil
		}
	}
	return errors.New("expected a time such as 2026-01-31T12:00:00Z or 2026-01-31, in UTC, or a duration such as 24h")
}
