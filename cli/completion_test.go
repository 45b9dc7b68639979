package cli

import (
	"bytes"
	"os/exec"
	"testing"
)

// The script completes in a bash without the package bash-completion, too.
func TestBashCompletesByItself(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("bash is not installed: its completion is not tested")
	}
	var script bytes.Buffer
	if err := writeCompletion(&script, (&commands{}).root(), "bash"); err != nil {
		t.Fatal(err)
	}
	script.WriteString(`
destination-webhook() { [ "$*" = "__complete wr" ] && printf 'write\tDeliver the records on stdin\n:4\n'; }
COMP_LINE='destination-webhook wr' COMP_POINT=22 COMP_WORDS=(destination-webhook wr) COMP_CWORD=1 COMP_TYPE=9
compopt() { :; }
__start_destination-webhook
echo "$COMPREPLY"
`)
	cmd := exec.CommandContext(t.Context(), bash, "--norc", "--noprofile")
	cmd.Stdin, cmd.Env = &script, []string{}
	if got, err := cmd.CombinedOutput(); err != nil || string(got) != "write\n" {
		t.Errorf("%q, %v", got, err)
	}
}
