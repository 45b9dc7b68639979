package cli

import (
	"github.com/spf13/cobra"
)

// requiredFlags are the flags of files, in the order in which an argument without a flag is taken
// for their value.
var requiredFlags = []string{"config", "catalog"}

// syncFlags adds the flags of the commands that read records.
func (c *commands) syncFlags(cmd *cobra.Command, config, catalog *string) {
	configFlag(cmd, config, "the connector's config, a JSON file")
	catalogFlag(cmd, catalog)
	require(cmd, requiredFlags...)
}

func configFlag(cmd *cobra.Command, config *string, usage string) {
	cmd.Flags().StringVar(config, "config", "", usage)
	must(cmd.MarkFlagFilename("config", "json"))
}

func catalogFlag(cmd *cobra.Command, catalog *string) {
	cmd.Flags().StringVar(catalog, "catalog", "", "the configured catalog, a JSON file")
	must(cmd.MarkFlagFilename("catalog", "json"))
}

func require(cmd *cobra.Command, flags ...string) {
	for _, flag := range flags {
		must(cmd.MarkFlagRequired(flag))
	}
}

// must panics if a flag is not defined, which is a mistake in this package.
func must(err error) {
	if err != nil {
		panic(err)
	}
}

// reportFlag adds the flag for the report of a sync.
func reportFlag(cmd *cobra.Command, file *string) {
	cmd.Flags().StringVar(file, "report", "", "write what the sync did to this file at its end, as JSON, even if it failed")
	must(cmd.MarkFlagFilename("report", "json"))
}
