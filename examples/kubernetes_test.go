package examples

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"destination-webhook/receiver"
)

// job has the fields of a Job of Kubernetes that the example uses, by the names of its API, and no
// others: a field that is mistyped is an error.
type job struct {
	APIVersion string `yaml:"apiVersion"`
	Kind       string
	Metadata   struct{ Name string }
	Spec       struct {
		CompletionMode       string `yaml:"completionMode"`
		Completions          int
		Parallelism          int
		BackoffLimitPerIndex int `yaml:"backoffLimitPerIndex"`
		Template             struct{ Spec pod }
	}
}

type pod struct {
	RestartPolicy                 string `yaml:"restartPolicy"`
	TerminationGracePeriodSeconds int    `yaml:"terminationGracePeriodSeconds"`
	Containers                    []struct {
		Name, Image     string
		Command, Args   []string
		Env             []struct{ Name, Value string }
		Resources       struct{ Requests, Limits map[string]string }
		SecurityContext struct {
			RunAsNonRoot             bool `yaml:"runAsNonRoot"`
			ReadOnlyRootFilesystem   bool `yaml:"readOnlyRootFilesystem"`
			AllowPrivilegeEscalation bool `yaml:"allowPrivilegeEscalation"`
			Capabilities             struct{ Drop []string }
		} `yaml:"securityContext"`
		VolumeMounts []struct {
			Name      string
			MountPath string `yaml:"mountPath"`
			ReadOnly  bool   `yaml:"readOnly"`
		} `yaml:"volumeMounts"`
	}
	Volumes []struct {
		Name   string
		Secret *struct {
			SecretName string `yaml:"secretName"`
		}
		PersistentVolumeClaim *struct {
			ClaimName string `yaml:"claimName"`
			ReadOnly  bool   `yaml:"readOnly"`
		} `yaml:"persistentVolumeClaim"`
		EmptyDir *struct {
			SizeLimit string `yaml:"sizeLimit"`
		} `yaml:"emptyDir"`
	}
}

// copied is what an endpoint has of a table. The process of a part is killed when its first rows
// arrive, before they are answered.
type copied struct {
	mu   sync.Mutex
	rows map[string]string
	kill func(part int)
}

func (c *copied) Write(lines []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for scanner := bufio.NewScanner(bytes.NewReader(lines)); scanner.Scan(); {
		var row struct {
			Operation string
			Key       string `json:"primary_key"`
			Data      json.RawMessage
		}
		if err := json.Unmarshal(scanner.Bytes(), &row); err != nil {
			return 0, err
		}
		if row.Operation == "removed" {
			delete(c.rows, row.Key)
		} else {
			c.rows[row.Key] = string(row.Data)
		}
		if c.kill != nil {
			c.kill(partOf(row.Key))
		}
	}
	return len(lines), nil
}

const parts = 4

// partOf is where an engine that partitions a table puts a key.
func partOf(key string) int {
	hash := fnv.New32a()
	_, _ = hash.Write([]byte(key)) // a hash takes everything
	return int(hash.Sum32() % parts)
}

// TestJobFitsTheSchemas validates the Job against the schemas of Kubernetes.
func TestJobFitsTheSchemas(t *testing.T) {
	needs(t, ".venv-kubernetes/installed.txt")
	text, err := os.ReadFile("kubernetes/job.yaml")
	if err != nil {
		t.Fatal(err)
	}
	mistyped := filepath.Join(t.TempDir(), "job.yaml")
	if err := os.WriteFile(mistyped, bytes.Replace(text, []byte("parallelism:"), []byte("parallelizm:"), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	if output, err := validate(t, "kubernetes/job.yaml"); err != nil {
		t.Errorf("%v\n%s", err, output)
	}
	if output, err := validate(t, mistyped); err == nil || !strings.Contains(output, "'parallelizm' was unexpected") {
		t.Errorf("a mistyped field: %v\n%s", err, output)
	}
}

func validate(t *testing.T, path string) (string, error) {
	t.Helper()
	output, err := exec.CommandContext(t.Context(), ".venv-kubernetes/bin/kubernetes-validate", "--strict", path).CombinedOutput()
	return string(output), err
}

// TestKubernetes runs what the pods of the Job run, as processes of this machine: one dies, it
// alone is started again, and the endpoint ends with the table.
func TestKubernetes(t *testing.T) {
	var j job
	readYAML(t, "kubernetes/job.yaml", &j)
	if j.APIVersion != "batch/v1" || j.Kind != "Job" || j.Spec.CompletionMode != "Indexed" || j.Spec.Completions != parts {
		t.Errorf("it is no indexed job of %d parts: %+v", parts, j)
	}
	container := j.Spec.Template.Spec.Containers[0]
	volumes := map[string]bool{}
	for _, volume := range j.Spec.Template.Spec.Volumes {
		volumes[volume.Name] = true
	}
	for _, mount := range container.VolumeMounts {
		if !volumes[mount.Name] {
			t.Errorf("it mounts %s, which is not there", mount.Name)
		}
	}

	endpoint, folder, line := startParts(t, &j)

	table := freeUsers()
	writeParts(t, folder, table)
	all := []int{0, 1, 2, 3}
	dead := runParts(t, folder, line, endpoint, all, 2)
	if len(dead) != 1 || dead[0] != 2 {
		t.Fatalf("the parts %v failed, want the one that was killed", dead)
	}
	if dead := runParts(t, folder, line, endpoint, dead, -1); len(dead) != 0 {
		t.Fatalf("the parts %v failed", dead)
	}
	endpoint.equals(t, table)

	delete(table, "7")
	table["8"] = `{"id":8,"plan":"pro"}`
	writeParts(t, folder, table)
	if dead := runParts(t, folder, line, endpoint, all, -1); len(dead) != 0 {
		t.Fatalf("the parts %v failed", dead)
	}
	endpoint.equals(t, table)
}

// TestPartsByDuckDB has DuckDB write the parts, in two syncs: a row keeps its part, or the endpoint
// would lose it.
func TestPartsByDuckDB(t *testing.T) {
	needs(t, ".venv-kubernetes/installed.txt")
	var j job
	readYAML(t, "kubernetes/job.yaml", &j)
	endpoint, folder, line := startParts(t, &j)
	all := []int{0, 1, 2, 3}
	write := func(users string) {
		t.Helper()
		runDuckDB(t, folder, "CREATE TABLE users AS "+users)
		if dead := runParts(t, folder, line, endpoint, all, -1); len(dead) != 0 {
			t.Fatalf("the parts %v failed", dead)
		}
	}
	table := freeUsers()
	write("SELECT range AS id, 'free' AS plan FROM range(400)")
	endpoint.equals(t, table)

	delete(table, "7")
	table["8"] = `{"id":8,"plan":"pro"}`
	write("SELECT range AS id, CASE range WHEN 8 THEN 'pro' ELSE 'free' END AS plan FROM range(400) WHERE range <> 7")
	endpoint.equals(t, table)
}

// freeUsers is a table of 400 rows by their keys.
func freeUsers() map[string]string {
	table := map[string]string{}
	for i := range 400 {
		table[fmt.Sprint(i)] = fmt.Sprintf(`{"id":%d,"plan":"free"}`, i)
	}
	return table
}

// runDuckDB makes a table and has the example write its parts.
func runDuckDB(t *testing.T, folder, table string) {
	t.Helper()
	script, err := os.ReadFile("kubernetes/parts.sql")
	if err != nil {
		t.Fatal(err)
	}
	python, err := filepath.Abs(".venv-kubernetes/bin/python")
	if err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), python, "-c", "import duckdb, sys; duckdb.connect().execute(sys.argv[1])", table+";"+string(script))
	command.Dir = filepath.Join(folder, "parts")
	if output, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	for part := range parts {
		if text, err := os.ReadFile(filepath.Join(command.Dir, fmt.Sprintf("part-%d.jsonl", part))); err != nil || len(text) == 0 {
			t.Fatalf("part %d has %d bytes (%v)", part, len(text), err)
		}
	}
}

// startParts starts an endpoint and prepares the files of the example for it. line is what a pod
// runs.
func startParts(t *testing.T, j *job) (endpoint *copied, folder, line string) {
	t.Helper()
	endpoint = &copied{rows: map[string]string{}}
	server, err := receiver.Listen(t.Context(), "127.0.0.1:0", receiver.Options{Rows: endpoint})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	folder = t.TempDir()
	prepareParts(t, folder, server.URL())
	line = j.Spec.Template.Spec.Containers[0].Args[0]
	return endpoint, folder, strings.NewReplacer("/config/", "config/", "/parts/", "parts/", "/scratch/", "scratch-$JOB_COMPLETION_INDEX/").Replace(line)
}

// prepareParts puts the files of the example into a folder, with the endpoint of the test and a
// snapshot on this machine.
func prepareParts(t *testing.T, folder, url string) {
	t.Helper()
	if err := os.CopyFS(filepath.Join(folder, "config"), os.DirFS("kubernetes")); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(folder, "config", "config.json")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var config map[string]any
	if err := json.Unmarshal(text, &config); err != nil {
		t.Fatal(err)
	}
	prefix := config["snapshot"].(map[string]any)["prefix"].(string)
	config["url"] = url
	config["snapshot"] = map[string]any{"type": "local", "path": filepath.Join(folder, prefix)}
	if text, err = json.Marshal(config); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	folders := []string{"parts"}
	for part := range parts {
		folders = append(folders, fmt.Sprintf("scratch-%d", part))
	}
	for _, name := range folders {
		if err := os.MkdirAll(filepath.Join(folder, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
}

func writeParts(t *testing.T, folder string, table map[string]string) {
	t.Helper()
	var files [parts]bytes.Buffer
	for key, row := range table {
		fmt.Fprintf(&files[partOf(key)], `{"type":"RECORD","record":{"stream":"users","emitted_at":1,"data":%s}}`+"\n", row)
	}
	for part := range files {
		if err := os.WriteFile(filepath.Join(folder, "parts", fmt.Sprintf("part-%d.jsonl", part)), files[part].Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// runParts runs some parts at once, kills one of them when its rows arrive, and returns those that
// failed.
func runParts(t *testing.T, folder, line string, endpoint *copied, which []int, victim int) (failed []int) {
	t.Helper()
	commands := map[int]*exec.Cmd{}
	endpoint.mu.Lock() // no row is taken before all have started
	for _, part := range which {
		commands[part] = shell(t, folder, line)
		commands[part].Env = append(commands[part].Env, fmt.Sprintf("JOB_COMPLETION_INDEX=%d", part))
		if err := commands[part].Start(); err != nil {
			t.Fatal(err)
		}
	}
	endpoint.kill = func(part int) {
		if part == victim {
			_ = commands[part].Process.Kill() // it may be dead
		}
	}
	endpoint.mu.Unlock()
	for part, command := range commands {
		if err := command.Wait(); err != nil {
			failed = append(failed, part)
		}
	}
	return failed
}

func (c *copied) equals(t *testing.T, table map[string]string) {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	if !maps.Equal(c.rows, table) {
		t.Errorf("the endpoint has %d rows that are not the %d of the table", len(c.rows), len(table))
	}
}
