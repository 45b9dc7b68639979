package cli

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"destination-webhook/destination"
	"destination-webhook/destination/printable"
	"destination-webhook/destination/spelling"
)

// printUsageError prints an error of usage in one line, with the help that would have prevented it.
func printUsageError(w io.Writer, cmd *cobra.Command, err error) {
	text := strings.ReplaceAll(printable.Text(err.Error()), "\n", "; ")
	_, _ = fmt.Fprintf(w, "destination-webhook: %s; see %s --help\n", text, cmd.CommandPath())
}

// noArgs refuses arguments that are not flags.
func noArgs(cmd *cobra.Command, args []string) error {
	switch {
	case len(args) == 0:
		return nil
	case !destination.Showable(args[0]):
		return fmt.Errorf("unknown argument for %q: pass the name of the config file", cmd.CommandPath())
	case cmd.HasSubCommands():
		return fmt.Errorf("unknown command %q for %q%s", args[0], cmd.CommandPath(), didYouMean(cmd.SuggestionsFor(args[0])))
	}
	return fmt.Errorf("unknown argument %q for %q%s", args[0], cmd.CommandPath(), didYouMean(flagFor(cmd, args[0])))
}

// flagFor returns the argument after the first required flag that has no value yet.
func flagFor(cmd *cobra.Command, arg string) (suggestions []string) {
	for _, name := range requiredFlags {
		if flag := cmd.Flags().Lookup(name); flag != nil && !flag.Changed && suggestions == nil {
			suggestions = []string{"--" + name + " " + arg}
		}
	}
	return suggestions
}

// flagError explains why a flag cannot be parsed. It shows nothing that looks like a config, which
// holds secrets.
func flagError(cmd *cobra.Command, err error) error {
	if strings.Contains(err.Error(), "{") {
		return errors.New("a flag cannot be read: check how it is spelled")
	}
	unknown := (*pflag.NotExistError)(nil)
	if !errors.As(err, &unknown) {
		return err
	}
	name := unknown.GetSpecifiedName()
	if short := unknown.GetSpecifiedShortnames(); short != "" {
		name, _, _ = strings.Cut(short, "=") // -config, which pflag reads as -c -o -n …
	}
	return fmt.Errorf("%w%s", err, didYouMean(similarFlags(cmd, name)))
}

// maxFlagDistance is how many edits may lie between a flag and what was typed.
const maxFlagDistance = 2

// similarFlags returns the flags that may have been meant: of the command, or else of those
// directly below it, after their names.
func similarFlags(cmd *cobra.Command, name string) []string {
	if flags := flagsLike(cmd, name, ""); len(flags) > 0 {
		return flags
	}
	var flags []string
	for _, sub := range cmd.Commands() {
		flags = append(flags, flagsLike(sub, name, sub.Name()+" ")...)
	}
	return flags
}

func flagsLike(cmd *cobra.Command, name, before string) (flags []string) {
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if spelling.Distance(f.Name, name) <= maxFlagDistance {
			flags = append(flags, before+"--"+f.Name)
		}
	})
	return flags
}

func didYouMean(suggestions []string) string {
	if len(suggestions) == 0 {
		return ""
	}
	slices.Sort(suggestions)
	return ": did you mean " + strings.Join(suggestions, " or ") + "?"
}
