package cli

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"
)

// outputFormat is the value of --output.
type outputFormat string

const (
	outputAuto outputFormat = "auto" // text if stdout is a terminal
	outputText outputFormat = "text"
	outputJSON outputFormat = "json"
)

func (o *outputFormat) add(cmd *cobra.Command) {
	*o = outputAuto
	cmd.Flags().Var(o, "output", "what is written to stdout: Airbyte messages (json), lines for people (text), or text if stdout is a terminal (auto)")
	must(cmd.RegisterFlagCompletionFunc("output", cobra.FixedCompletions(
		[]string{string(outputAuto), string(outputText), string(outputJSON)}, cobra.ShellCompDirectiveNoFileComp)))
}

func (o *outputFormat) String() string { return string(*o) }
func (o *outputFormat) Type() string   { return "format" }

// Set implements pflag.Value.
func (o *outputFormat) Set(value string) error {
	switch format := outputFormat(value); format {
	case outputAuto, outputText, outputJSON:
		*o = format
		return nil
	}
	return fmt.Errorf("expected %s, %s or %s", outputAuto, outputText, outputJSON)
}

// newView returns what a person sees of a command. With messages as text, all of it goes to stdout
// but for the progress; with messages as JSON, a terminal at stderr shows what needs attention.
func (c *commands) newView() *view {
	p := c.process
	v := &view{progress: progressLine{w: terminal(p.Stderr)}, now: time.Now}
	switch asText := c.output == outputText || c.output == outputAuto && terminal(p.Stdout) != nil; {
	case asText:
		v.text, v.all = p.Stdout, true
	default:
		v.raw, v.text = p.Stdout, terminal(p.Stderr)
	}
	v.color = terminal(v.text) != nil && p.Getenv("NO_COLOR") == "" && p.Getenv("TERM") != "dumb"
	return v
}

// hintAtStdin says what the program waits for if a person would have to type it.
func (c *commands) hintAtStdin() {
	if f, ok := c.process.Stdin.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		c.say("reading Airbyte records from stdin; end with ^D")
	}
}

// terminal returns w if it is a terminal, else nil.
func terminal(w io.Writer) io.Writer {
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		return w
	}
	return nil
}
