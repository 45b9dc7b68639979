package examples

import (
	"encoding/json"
	"net/http"
	"os/exec"
	"testing"

	"destination-webhook/acceptance_tests/connector"
)

// A receiver in front of an endpoint shows what arrives, and changes nothing: rows, verdicts and
// signatures are those of the endpoint.
func TestReceiverForwardsToEndpoints(t *testing.T) {
	for name, command := range endpoints {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			endpoint, folder := connector.StartEndpoint(t, command(t), secret), t.TempDir()
			front := connector.StartEndpoint(t, exec.Command(program, "receive", "--addr", "127.0.0.1:0", "--forward", endpoint+"/"), secret)
			if front == endpoint {
				t.Fatal("it names the target before its own address")
			}
			write(t, folder, "catalog.json", catalog)
			write(t, folder, "config.json", config(folder, front, secret))
			holdsFirst(t, folder, endpoint)

			response, err := http.Get(front + "/_/api/requests?stream=users&text=nowhere")
			if err != nil {
				t.Fatal(err)
			}
			defer response.Body.Close()
			var requests []struct {
				Status, Rejected int
				Signature        string
				Answer           string
			}
			if err := json.NewDecoder(response.Body).Decode(&requests); err != nil {
				t.Fatal(err)
			}
			if len(requests) != 1 || requests[0].Status != 200 || requests[0].Rejected != 1 || requests[0].Signature != "valid" {
				t.Errorf("the receiver tells of %+v", requests)
			}
		})
	}
}
