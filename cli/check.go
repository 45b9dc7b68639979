package cli

import (
	"context"
	"errors"

	"github.com/spf13/cobra"
)

// errCheckFailed is the outcome of a check that was reported as FAILED.
var errCheckFailed = errors.New("the check failed")

func (c *commands) check() *cobra.Command {
	var config string
	var exitCode bool
	cmd := &cobra.Command{
		Use: "check --config FILE", Short: "Try the endpoint: is it there, and does it accept the credentials?", Args: noArgs,
		Long: `Try the endpoint, and the snapshot if the config has one, as a sync would, and report SUCCEEDED, or
FAILED with the reason.

The exit code is 0 in both cases: Airbyte reads the message alone. With --exit-code it is 1 after FAILED.`,
		Example: `  destination-webhook receive &
  destination-webhook check --config sample/config.json --exit-code`,
	}
	configFlag(cmd, &config, "the connector's config, a JSON file")
	cmd.Flags().BoolVar(&exitCode, "exit-code", false, "exit with 1 if the check fails, for scripts")
	c.output.add(cmd)
	require(cmd, "config")
	cmd.RunE = c.run(func(ctx context.Context) error { return c.runCheck(ctx, config, exitCode) })
	return cmd
}

func (c *commands) runCheck(ctx context.Context, config string, exitCode bool) error {
	view := c.newView()
	defer view.Close()
	succeeded, err := c.program(view).Check(ctx, config)
	switch {
	case err != nil || succeeded:
		return err
	case exitCode:
		return errCheckFailed
	case terminal(c.process.Stderr) != nil:
		c.say("The exit code is 0 anyway: Airbyte reads the message alone. --exit-code makes it 1, for scripts.")
	}
	return nil
}
