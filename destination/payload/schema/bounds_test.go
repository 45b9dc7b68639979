package schema

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"destination-webhook/destination/config/configtest"
	"destination-webhook/destination/route"
	"destination-webhook/protocol"
)

// The document of a deep schema does not grow with the square of its depth.
func TestDeepSchemasAreCut(t *testing.T) {
	for name, level := range map[string][2]string{
		"properties": {`{"properties":{"a":`, `}}`},
		"items":      {`{"items":`, `}`},
		"allOf":      {`{"allOf":[`, `]}`},
		"default":    {`{"default":{"a":`, `}}`},
		"unknown":    {`{"x-note":[`, `]}`},
	} {
		const levels = 4_000
		deep := strings.Repeat(level[0], levels) + "{}" + strings.Repeat(level[1], levels)
		text, err := json.MarshalIndent(sourceSchema([]byte(deep), "#"), "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		if len(text) > 400*maxDepth*4 {
			t.Errorf("%s: %d bytes of schema give %d", name, len(deep), len(text))
		}
	}
	shallow := `{"properties":{"a":{"items":{"type":"string"}}}}`
	if text, _ := json.Marshal(sourceSchema([]byte(shallow), "#")); string(text) != shallow {
		t.Errorf("got %s", text)
	}
}

// Names that are equal, or that look like those made of equal ones, do not make each other slow.
func TestCollidingNames(t *testing.T) {
	const streams = 20_000 // to try all names for each would take minutes
	var list []string
	for i := range streams {
		list = append(list, fmt.Sprintf(`{"stream":{"name":"a%s","namespace":"n%d"},"destination_sync_mode":"append"}`, strings.Repeat("é", i%3), i))
	}
	catalog, err := protocol.ParseCatalog([]byte(`{"streams":[` + strings.Join(list, ",") + `]}`))
	if err != nil {
		t.Fatal(err)
	}
	c := configtest.Parse(t, "")
	table, err := route.NewTable(c, catalog, "agent")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, name := range (&Contract{config: c, table: table}).names(func(string) string { return "stream" }) {
		if seen[name] {
			t.Errorf("%s is there twice", name)
		}
		seen[name] = true
	}
	if !seen["stream"] || !seen["stream_2"] || !seen[fmt.Sprintf("stream_%d", streams+1)] {
		t.Error("the names are not numbered from 2 on")
	}
}
