package cli

import (
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"
)

var shells = []string{"bash", "zsh", "fish"}

// completion prints the script by which a shell completes this program's commands and flags.
func (c *commands) completion() *cobra.Command {
	return &cobra.Command{
		Use: "completion bash|zsh|fish", Short: "Print a script that completes commands and flags in your shell",
		Long: "Print a script for bash, zsh or fish. Once the shell has read it, the Tab key completes commands, flags and the values of flags.",
		Example: `  source <(destination-webhook completion bash)
  destination-webhook completion zsh > "${fpath[1]}/_destination-webhook"
  destination-webhook completion fish > ~/.config/fish/completions/destination-webhook.fish`,
		ValidArgs: shells,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 || !slices.Contains(shells, args[0]) {
				return errors.New("which shell? One of bash, zsh, fish")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			c.running = true
			return c.complain(writeCompletion(c.process.Stdout, cmd.Root(), args[0]))
		},
	}
}

// bashFallback stands in for the one function of the package bash-completion that the script needs,
// in a bash that has not loaded it. The package splits words better.
const bashFallback = `declare -F _get_comp_words_by_ref >/dev/null || _get_comp_words_by_ref() {
    cword=$COMP_CWORD words=("${COMP_WORDS[@]}")
    cur=${words[cword]} prev=${words[cword - 1]}
}

`

func writeCompletion(w io.Writer, root *cobra.Command, shell string) error {
	var err error
	switch shell {
	case "bash":
		_, _ = io.WriteString(w, bashFallback) // an error is that of the rest, too
		err = root.GenBashCompletionV2(w, true)
	case "zsh":
		err = root.GenZshCompletion(w)
	case "fish":
		err = root.GenFishCompletion(w, true)
	}
	if err != nil {
		return fmt.Errorf("writing the completion: %w", err)
	}
	return nil
}
