package examples

import (
	"bytes"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// An endpoint without a secret would accept whatever is signed with an empty key: it does not
// start.
func TestEndpointsNeedASecret(t *testing.T) {
	for name, endpoint := range map[string]func(*testing.T) *exec.Cmd{"go": goEndpoint, "python": pythonEndpoint, "node": nodeEndpoint} {
		t.Run(name, func(t *testing.T) {
			for _, secret := range []string{"", "whsec_"} {
				command := endpoint(t)
				command.Env = append(os.Environ(), "WEBHOOK_SECRET="+secret, "PORT=0", "HOST=127.0.0.1")
				output, err := command.StdoutPipe()
				if err != nil {
					t.Fatal(err)
				}
				command.Stderr = command.Stdout
				if err := command.Start(); err != nil {
					t.Fatal(err)
				}
				said := make([]byte, 4096)
				n, _ := output.Read(said)
				started := bytes.Contains(said[:n], []byte("http://127.0.0.1:"))
				if started {
					_ = command.Process.Kill()
				}
				if err := command.Wait(); started || err == nil || !strings.Contains(string(said[:n]), "WEBHOOK_SECRET is not") {
					t.Errorf("with %q: %v, it says %s", secret, err, said[:n])
				}
			}
		})
	}
}
