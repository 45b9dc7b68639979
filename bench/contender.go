package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

// contender is one program with its input, config and endpoint.
type contender struct {
	name     string
	program  string   // a part of the bench; empty: the destination
	members  string   // of the destination's config, besides the URL
	keyed    bool     // the streams have a primary key
	cores    int      // that the program may use; 0: all
	input    *input   // nil: the comparison's
	endpoint []string // arguments
	// The least rows per second, as a share of the comparison's first contender; 0: no target.
	want float64
}

// comparison is contenders that take turns. The first one is what the others are measured against.
type comparison struct {
	name       string
	input      input
	contenders []contender
}

// in is what the contender is fed.
func (c *comparison) in(n int) *input {
	if own := c.contenders[n].input; own != nil {
		return own
	}
	return &c.input
}

// command is what runs the contender, with its files in dir.
func (c *contender) command(o *options, in *input, h *hello, dir string) ([]string, error) {
	if c.program != "" {
		self, err := os.Executable()
		return []string{self, c.program, h.URL}, err
	}
	config, catalog := filepath.Join(dir, "config.json"), filepath.Join(dir, "catalog.json")
	if err := os.WriteFile(config, c.config(h), 0o600); err != nil {
		return nil, err
	}
	if err := os.WriteFile(catalog, c.catalog(in), 0o600); err != nil {
		return nil, err
	}
	return []string{o.binary, "write", "--config", config, "--catalog", catalog}, nil
}

func (c *contender) config(h *hello) []byte {
	text := fmt.Sprintf(`{"url":%q`, h.URL)
	if h.Certificate != "" {
		text += fmt.Sprintf(`,"tls":{"ca_certificate":%q}`, h.Certificate)
	}
	if c.members != "" {
		text += "," + c.members
	}
	return []byte(text + "}")
}

func (c *contender) catalog(in *input) []byte {
	type stream struct {
		Name      string   `json:"name"`
		Namespace string   `json:"namespace"`
		Schema    struct{} `json:"json_schema"`
	}
	type configured struct {
		Stream      stream     `json:"stream"`
		SyncMode    string     `json:"sync_mode"`
		Destination string     `json:"destination_sync_mode"`
		PrimaryKey  [][]string `json:"primary_key,omitempty"`
	}
	var all []configured
	for n := range in.Streams {
		s := configured{Stream: stream{Name: in.stream(n), Namespace: "public"}, SyncMode: "incremental", Destination: "append"}
		if c.keyed {
			s.Destination, s.PrimaryKey = "append_dedup", [][]string{{"id"}}
		}
		all = append(all, s)
	}
	text, err := json.Marshal(map[string]any{"streams": all})
	if err != nil {
		panic(err) // it is plain data
	}
	return text
}
