package cli

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// Each command explains itself in a paragraph, with an example.
func TestEachCommandHasAParagraphAndAnExample(t *testing.T) {
	for _, cmd := range (&commands{}).root().Commands() {
		if len(cmd.Long) < len(cmd.Short) || !strings.Contains(cmd.Example, "destination-webhook "+cmd.Name()) {
			t.Errorf("%s: its help says %q, with the example %q", cmd.Name(), cmd.Long, cmd.Example)
		}
	}
}

// The examples of check, write, preview and schema name files that are there.
func TestExamplesNameFilesOfTheSample(t *testing.T) {
	for _, cmd := range (&commands{}).root().Commands() {
		for _, word := range strings.Fields(cmd.Example) {
			if strings.HasPrefix(word, "sample/") {
				if _, err := os.Stat(filepath.Join("..", word)); err != nil {
					t.Errorf("%s: %v", cmd.Name(), err)
				}
			}
		}
	}
}

func TestCompletionOfArguments(t *testing.T) {
	for _, test := range []struct{ args, want []string }{
		{[]string{"wr"}, []string{"write"}},
		{[]string{"completion", ""}, []string{"bash", "zsh", "fish"}},
		{[]string{"write", "--out"}, []string{"--output"}},
		{[]string{"write", "--output", ""}, []string{"auto", "text", "json"}},
		{[]string{"check", "--config", ""}, []string{"json", ":8"}}, // files with this extension
	} {
		outcome, stdout, _ := run(append([]string{cobra.ShellCompRequestCmd}, test.args...)...)
		for _, want := range test.want {
			if outcome.Code != 0 || !strings.Contains(stdout, want) {
				t.Errorf("%q: outcome %v, %q has no %q", test.args, outcome, stdout, want)
			}
		}
	}
}

// The scripts are those of their shells: a shell that is installed reads its own.
func TestCompletionScripts(t *testing.T) {
	for _, shell := range shells {
		outcome, script, stderr := run("completion", shell)
		if outcome.Code != 0 || stderr != "" || !strings.Contains(script, "destination-webhook") {
			t.Errorf("%s: outcome %v, %d bytes, stderr %q", shell, outcome, len(script), stderr)
		}
		path, err := exec.LookPath(shell)
		if err != nil {
			continue
		}
		cmd := exec.CommandContext(t.Context(), path, "-n")
		cmd.Stdin = strings.NewReader(script)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s: %v: %s", shell, err, out)
		}
	}
}
