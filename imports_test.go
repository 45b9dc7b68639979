package main

import (
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const module = "destination-webhook"

// layers says what each package may import of this module, tests aside; see docs/architecture.md.
var layers = map[string][]string{
	"":                           {"cli"},
	"cli":                        {"destination", "destination/folder", "destination/jsonschema", "destination/printable", "destination/replay", "destination/report", "destination/signature", "destination/spelling", "receiver", "receiver/faults", "receiver/relay", "receiver/store", "sample"},
	"protocol":                   {},
	"batching":                   {"protocol"},
	"destination":                {"batching", "protocol", "destination/answer", "destination/audience", "destination/auth", "destination/bucket", "destination/config", "destination/deadletter", "destination/delivery", "destination/engine", "destination/failure", "destination/manifest", "destination/outbound", "destination/payload", "destination/payload/schema", "destination/printable", "destination/redact", "destination/replay", "destination/report", "destination/route", "destination/sender", "destination/snapshot", "destination/telemetry", "destination/postgres"},
	"destination/answer":         {"destination/canonical", "destination/jq", "destination/printable"},
	"destination/audience":       {"batching", "destination/config", "destination/failure", "destination/payload", "protocol", "destination/route", "destination/snapshot"},
	"destination/auth":           {"destination/awsenv", "destination/redact", "destination/trace"},
	"destination/awsenv":         {"destination/redact"},
	"destination/bucket":         {"destination/awsenv", "destination/failure", "destination/redact"},
	"destination/canonical":      {},
	"destination/config":         {"protocol", "destination/auth", "destination/jq", "destination/jsonschema", "destination/redact", "destination/signature", "destination/spelling", "destination/urltemplate"},
	"destination/deadletter":     {"destination/answer", "destination/bucket", "destination/delivery", "destination/failure", "destination/folder", "destination/payload", "destination/printable", "protocol"},
	"destination/delivery":       {"destination/answer", "destination/failure", "destination/printable", "destination/transport"},
	"destination/engine":         {"destination/audience", "batching", "destination/failure", "destination/payload", "destination/printable", "protocol", "destination/route"},
	"destination/failure":        {"protocol"},
	"destination/folder":         {},
	"destination/guard":          {},
	"destination/jq":             {},
	"destination/jsonschema":     {},
	"destination/manifest":       {},
	"destination/outbound":       {"destination/auth", "destination/awsenv", "destination/bucket", "destination/config", "destination/delivery", "destination/guard", "destination/redact", "destination/signature", "destination/trace", "destination/transport", "destination/postgres"},
	"destination/payload":        {"batching", "destination/canonical", "destination/config", "destination/failure", "destination/jq", "protocol", "destination/route"},
	"destination/payload/schema": {"destination/auth", "destination/config", "destination/manifest", "destination/printable", "protocol", "destination/route"},
	"destination/postgres":       {"destination/auth", "destination/failure", "destination/redact"},
	"destination/printable":      {},
	"destination/redact":         {},
	"destination/replay":         {"destination/deadletter", "destination/payload", "protocol", "destination/route"},
	"destination/report":         {"destination/audience", "destination/config", "destination/delivery", "destination/engine", "destination/folder", "destination/manifest", "destination/printable", "protocol", "destination/redact", "destination/route", "destination/sender"},
	"destination/route":          {"destination/answer", "destination/config", "destination/jq", "destination/jsonschema", "destination/printable", "destination/spelling", "destination/urltemplate", "protocol"},
	"destination/sender":         {"destination/answer", "destination/audience", "batching", "destination/deadletter", "destination/delivery", "destination/failure", "destination/manifest", "destination/payload", "destination/printable", "destination/route", "protocol"},
	"destination/signature":      {},
	"destination/spelling":       {},
	"destination/telemetry":      {"destination/answer", "destination/delivery", "destination/failure", "destination/report", "destination/route", "destination/sender", "destination/trace"},
	"destination/urltemplate":    {},
	"destination/trace":          {},
	"destination/transport":      {},
	"receiver":                   {"destination/jsonschema", "destination/signature", "receiver/faults", "receiver/journal", "receiver/page", "receiver/relay", "receiver/store"},
	"receiver/faults":            {},
	"receiver/journal":           {"destination/manifest"},
	"receiver/page":              {"receiver/faults", "receiver/journal", "receiver/relay"},
	"receiver/store":             {"receiver/journal"},
	"receiver/relay":             {"destination/guard", "destination/signature", "receiver/journal"},
	"sample":                     {},

	"destination/snapshot":        {"destination/bucket", "destination/canonical", "destination/postgres", "destination/snapshot/disk", "destination/snapshot/local", "destination/snapshot/remote", "destination/snapshot/sets"},
	"destination/snapshot/disk":   {"destination/folder"},
	"destination/snapshot/local":  {"destination/snapshot/disk"},
	"destination/snapshot/remote": {"destination/bucket", "destination/snapshot/disk"},
	"destination/snapshot/sets":   {},
}

// quarantine says which packages may import a third-party module. A module that is not listed may
// not be imported at all.
var quarantine = map[string][]string{
	"code.dny.dev/ssrf":                      {"destination/guard"},
	"github.com/avast/retry-go/v4":           {"destination/delivery"},
	"github.com/aws/aws-sdk-go-v2":           {"destination/auth"},
	"github.com/cockroachdb/pebble/v2":       {"destination/snapshot", "destination/snapshot/disk", "destination/snapshot/local", "destination/snapshot/remote"}, // disk has its file system and lock, remote reads its files
	"github.com/dchest/siphash":              {"destination/payload"},
	"github.com/go-json-experiment/json":     {"protocol", "destination", "destination/report", "destination/answer", "destination/config", "destination/deadletter", "destination/jq", "destination/payload", "destination/payload/schema", "destination/urltemplate", "receiver/journal", "receiver/page"},
	"github.com/itchyny/gojq":                {"destination/jq"},
	"github.com/jackc/pgx/v5":                {"destination/postgres"},
	"github.com/klauspost/compress":          {"destination/delivery", "receiver"},
	"github.com/minio/minio-go/v7":           {"destination/bucket"},
	"github.com/spf13/cobra":                 {"cli"},
	"github.com/spf13/pflag":                 {"cli"},
	"github.com/xeipuuv/gojsonreference":     {"destination/jsonschema"},
	"github.com/xeipuuv/gojsonschema":        {"destination/jsonschema"},
	"github.com/yosida95/uritemplate/v3":     {"destination/urltemplate"},
	"github.com/zeebo/blake3":                {"destination/payload"},
	"golang.org/x/crypto/x509roots/fallback": {"destination/auth"},
	"go.opentelemetry.io/proto/slim/otlp":    {"destination/telemetry"},
	"golang.org/x/net":                       {"destination/delivery", "destination/transport", "destination/guard", "destination/config", "destination/trace", "destination/telemetry"},
	"golang.org/x/oauth2":                    {"destination/auth"},
	"golang.org/x/sys":                       {"protocol"},
	"golang.org/x/term":                      {"cli"},
	"golang.org/x/time":                      {"destination/delivery"},
	"google.golang.org/protobuf":             {"destination/telemetry"},
}

type goPackage struct {
	ImportPath string
	Standard   bool
	Imports    []string
	Module     *struct{ Path string }
}

// isModule reports whether a package is of a module, and not of Go itself.
func (p goPackage) isModule() bool { return p.Module != nil && !p.Standard }

// packages are those of the binary.
func packages(t *testing.T) map[string]goPackage {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "-json=ImportPath,Standard,Imports,Module", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	all := make(map[string]goPackage)
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p goPackage
		if err := d.Decode(&p); err == io.EOF {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all[p.ImportPath] = p
	}
}

func TestImports(t *testing.T) {
	all := packages(t)
	for path, p := range all {
		name, ours := within(path)
		if !ours {
			continue
		}
		allowed, known := layers[name]
		if !known {
			t.Errorf("%s has no place in the layers", path)
		}
		for _, unused := range allowed {
			if !slices.Contains(p.Imports, module+"/"+unused) {
				t.Errorf("%s may import %s and does not: take that out of the layers", path, unused)
			}
		}
		for _, imported := range p.Imports {
			if other, ours := within(imported); ours {
				if !slices.Contains(allowed, other) {
					t.Errorf("%s imports %s", path, imported)
				}
				continue
			}
			if foreign := all[imported]; foreign.isModule() && !slices.Contains(quarantine[foreign.Module.Path], name) {
				t.Errorf("%s imports %s of %s", path, imported, foreign.Module.Path)
			}
		}
	}
}

// TestQuarantineIsUsed takes care that nothing may import what it no longer does.
func TestQuarantineIsUsed(t *testing.T) {
	all := packages(t)
	for foreign, rooms := range quarantine {
		for _, room := range rooms {
			uses := func(path string) bool { p := all[path]; return p.isModule() && p.Module.Path == foreign }
			if !slices.ContainsFunc(all[module+"/"+room].Imports, uses) {
				t.Errorf("%s may import %s and does not: take that out of the quarantine", room, foreign)
			}
		}
	}
}

// TestArchitectureHasEveryArrow holds the arrows of the page against the layers.
func TestArchitectureHasEveryArrow(t *testing.T) {
	page, err := os.ReadFile("docs/architecture.md")
	if err != nil {
		t.Fatal(err)
	}
	for name, allowed := range layers {
		room := strings.TrimPrefix(name, "destination/")
		if room == "" || len(allowed) == 0 {
			continue
		}
		var arrows []string
		for _, imported := range allowed {
			arrows = append(arrows, strings.TrimPrefix(imported, "destination/"))
		}
		slices.Sort(arrows)
		line := regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(room) + ` *→ ` + regexp.QuoteMeta(strings.Join(arrows, ", ")) + `$`)
		if !line.Match(page) {
			t.Errorf("docs/architecture.md lacks the line\n%s → %s", room, strings.Join(arrows, ", "))
		}
	}
}

// within is the path of a package in this module.
func within(path string) (string, bool) {
	if path == module {
		return "", true
	}
	return strings.CutPrefix(path, module+"/")
}
