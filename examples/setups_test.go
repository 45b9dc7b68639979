package examples

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"destination-webhook/acceptance_tests/connector"
	"destination-webhook/sample"
)

func readYAML(t *testing.T, path string, into any) {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	decoder := yaml.NewDecoder(file)
	decoder.KnownFields(true)
	if err := decoder.Decode(into); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

// shell runs a command line of a container on this machine, in a folder that has its files.
func shell(t *testing.T, folder, line string) *exec.Cmd {
	t.Helper()
	tools := filepath.Join(folder, "tools")
	if err := os.MkdirAll(tools, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(program, filepath.Join(tools, "destination-webhook")); err != nil && !os.IsExist(err) {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), "/bin/sh", "-c", line)
	command.Dir, command.Env = folder, append(os.Environ(), "PATH="+tools+":"+os.Getenv("PATH"))
	return command
}

type service struct {
	Image       string
	Build       any
	Entrypoint  []string
	Command     []string
	Environment map[string]string
	Volumes     []string
	Ports       []string
	Healthcheck map[string]any
	DependsOn   map[string]map[string]string `yaml:"depends_on"`
	ReadOnly    bool                         `yaml:"read_only"`
	CapDrop     []string                     `yaml:"cap_drop"`
	SecurityOpt []string                     `yaml:"security_opt"`
}

// composition is a file of Docker Compose.
type composition struct {
	Name     string
	Services map[string]service
	Volumes  map[string]any
}

// requireComplete fails if a service mounts or needs something that is not there.
func (c *composition) requireComplete(t *testing.T) {
	t.Helper()
	for name, s := range c.Services {
		for _, volume := range s.Volumes {
			from, _, _ := strings.Cut(volume, ":")
			_, named := c.Volumes[from]
			if _, err := os.Stat(filepath.Join("compose", from)); err != nil && !named {
				t.Errorf("%s mounts %s, which is not there", name, from)
			}
		}
		for other := range s.DependsOn {
			if _, known := c.Services[other]; !known {
				t.Errorf("%s depends on %s, which is not there", name, other)
			}
		}
	}
}

// TestCompose runs what the containers of source and destination run, into the endpoint in Go.
func TestCompose(t *testing.T) {
	var file composition
	readYAML(t, "compose/compose.yaml", &file)
	source, destination, endpoint := file.Services["source"], file.Services["destination"], file.Services["endpoint"]
	file.requireComplete(t)
	if endpoint.Environment["WEBHOOK_SECRET"] != sample.SigningSecret {
		t.Error("the endpoint has another secret than the sample")
	}

	folder := t.TempDir()
	address := connector.StartEndpoint(t, goEndpoint(t), endpoint.Environment["WEBHOOK_SECRET"])
	config, err := os.ReadFile("compose/config.json")
	if err != nil {
		t.Fatal(err)
	}
	write(t, folder, "config.json", strings.Replace(string(config), "http://endpoint:8080", address, 1))
	write(t, folder, "catalog.json", string(sample.Catalog))
	if err := os.WriteFile(filepath.Join(folder, "records.jsonl"), sample.Records, 0o600); err != nil {
		t.Fatal(err)
	}
	mounts := strings.NewReplacer("/pipe/", folder+"/", "/config/", folder+"/", "/sample/", folder+"/")
	shell(t, folder, "")
	filling := shell(t, folder, mounts.Replace(source.Command[0]))
	if err := filling.Start(); err != nil {
		t.Fatal(err)
	}
	if output, err := shell(t, folder, mounts.Replace(destination.Command[0])).CombinedOutput(); err != nil {
		t.Errorf("the destination: %v\n%s", err, output)
	}
	if err := filling.Wait(); err != nil {
		t.Errorf("the source: %v", err)
	}
	if held := show(t, address); len(held["customers"]) < 700 || len(held["orders"]) != 1500 {
		t.Errorf("the endpoint holds %d customers and %d orders", len(held["customers"]), len(held["orders"]))
	}
}

// kestraTypes are the tasks and triggers of Kestra's plugins that the flows use, as their
// documentation names them.
var kestraTypes = []string{
	"io.kestra.plugin.airbyte.connections.Sync", "io.kestra.plugin.docker.Run", "io.kestra.plugin.core.trigger.Schedule",
}

type flow struct {
	ID, Namespace string
	Inputs        []struct{ ID, Type, Description, Defaults string }
	Triggers      []struct{ ID, Type, Cron string }
	Tasks         []struct {
		ID, Type               string
		URL                    string            `yaml:"url"`
		ApplicationCredentials map[string]string `yaml:"applicationCredentials"`
		ConnectionID           string            `yaml:"connectionId"`
		MaxDuration            string            `yaml:"maxDuration"`
		ContainerImage         string            `yaml:"containerImage"`
		InputFiles             map[string]string `yaml:"inputFiles"`
		EntryPoint             []string          `yaml:"entryPoint"`
		Commands               []string
	}
}

func TestKestra(t *testing.T) {
	for _, name := range []string{"flow.yaml", "without-airbyte.yaml"} {
		var f flow
		readYAML(t, filepath.Join("kestra", name), &f)
		if f.ID == "" || f.Namespace == "" || len(f.Tasks) != 1 || !slices.Contains(kestraTypes, f.Tasks[0].Type) {
			t.Errorf("%s is no flow: %+v", name, f)
		}
		for _, trigger := range f.Triggers {
			if !slices.Contains(kestraTypes, trigger.Type) {
				t.Errorf("%s: trigger %s", name, trigger.Type)
			}
		}
	}
}

// TestKestraCommand runs the flow's command with the files that Kestra would lay beside it.
func TestKestraCommand(t *testing.T) {
	var f flow
	readYAML(t, "kestra/without-airbyte.yaml", &f)
	task, folder := f.Tasks[0], t.TempDir()
	address := connector.StartEndpoint(t, goEndpoint(t), secret)
	values := strings.NewReplacer("{{ inputs.url }}", address+"/hook", "{{ secret('WEBHOOK_SECRET') }}", secret,
		"{{ inputs.catalog }}", catalog, "{{ inputs.records }}", strings.Replace(firstSync, "nowhere", "no@where", 1))
	for name, text := range task.InputFiles {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(values.Replace(text)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if output, err := shell(t, folder, task.Commands[0]).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	if held := show(t, address); len(held["users"]) != 3 || len(held["page views"]) != 2 {
		text, _ := json.Marshal(held)
		t.Errorf("the endpoint holds %s", text)
	}
}
