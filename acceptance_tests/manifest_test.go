package acceptance

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"sync"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"destination-webhook/destination/manifest"
)

// manifestSchema is the published schema of manifests.
var manifestSchema = sync.OnceValues(func() (*jsonschema.Schema, error) {
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(manifest.Schema))
	if err != nil {
		return nil, err
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("manifest.json", document); err != nil {
		return nil, err
	}
	return c.Compile("manifest.json")
})

// collector gets the manifests of a script's syncs, so that what scripts say of their endpoint does
// not change.
type collector struct {
	*httptest.Server
	mu        sync.Mutex
	manifests map[string]*manifest.Manifest // by run
	err       error
}

func (c *collector) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	m := &manifest.Manifest{}
	if err == nil {
		err = fits(body, manifestSchema)
	}
	if err == nil {
		err = json.Unmarshal(body, m)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.manifests[m.Run], c.err = m, errors.Join(c.err, err)
}

// apart are the variables of scripts that are about where requests may go: one more way would be in
// their way.
var apart = []string{"DEPLOYMENT_MODE", "WEBHOOK_DENY_PRIVATE_NETWORKS", "PROXY"}

// withManifests makes a sync send its manifests to a collector, unless its config has them or is
// not one.
func withManifests(ts *testscript.TestScript, args []string) {
	at := slices.Index(args, "--config") + 1
	if at == 0 || at == len(args) || slices.ContainsFunc(apart, func(name string) bool { return ts.Getenv(name) != "" }) {
		return
	}
	path := ts.MkAbs(args[at])
	text, err := os.ReadFile(path) //nolint:gosec // the script's own
	var members map[string]json.RawMessage
	if err != nil || json.Unmarshal(text, &members) != nil || members["url"] == nil || members["manifest"] != nil {
		return
	}
	c := stageOf(ts).collector
	if c == nil {
		c = &collector{manifests: make(map[string]*manifest.Manifest)}
		c.Server = httptest.NewServer(c)
		ts.Defer(c.Close)
		stageOf(ts).collector = c
	}
	end := bytes.LastIndexByte(text, '}')
	text = fmt.Appendf(text[:end:end], `,"manifest":{"type":"webhook","url":%q}}`, c.URL)
	ts.Check(os.WriteFile(path, text, 0o600)) //nolint:gosec // the script's own
}

// requireManifest wants that the manifest of a run has come if the report says so, and that it has
// what the receiver has accepted.
func requireManifest(ts *testscript.TestScript, run, outcome string) {
	c := stageOf(ts).collector
	if c == nil || outcome != "accepted" {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	ts.Check(c.err)
	m := c.manifests[run]
	if m == nil {
		ts.Fatalf("the report says that the manifest of %s was accepted, and none came", run)
	}
	r := stageOf(ts).receiver.Receiver
	if r == nil {
		return
	}
	ids := make(map[string]bool)
	for _, q := range r.Requests() {
		if q.Run == run && q.Status/100 == 2 && !slices.Contains(m.Superseded, q.WebhookID) {
			ids[q.WebhookID] = true
		}
	}
	sum := new(big.Int)
	for id := range ids {
		digest := sha256.Sum256([]byte(id))
		sum.Add(sum, new(big.Int).SetBytes(digest[:]))
	}
	sum.Mod(sum, new(big.Int).Lsh(big.NewInt(1), 256))
	if got := fmt.Sprintf("%064x", sum); m.Batches != int64(len(ids)) || m.Digest != got {
		ts.Fatalf("the receiver has accepted %d batches with digest %s, the manifest says %+v", len(ids), got, m)
	}
}
