package destination

import (
	"fmt"
	"io"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"destination-webhook/destination/config"
	"destination-webhook/destination/failure"
	"destination-webhook/destination/payload/schema"
	"destination-webhook/destination/route"
	"destination-webhook/protocol"
)

// Schema writes what an endpoint receives for the streams of a catalog: a JSON Schema (2020-12) of
// the bodies, or an OpenAPI 3.1 document whose webhooks are the streams. Without a config the
// defaults hold.
func (p *Program) Schema(configPath, catalogPath string, openAPI bool) (err error) {
	defer failure.RecoverTo(&err)
	contract, err := p.contract(configPath, catalogPath)
	if err != nil {
		return err
	}
	document := contract.JSONSchema()
	if openAPI {
		document = contract.OpenAPI(p.Version)
	}
	if err := json.MarshalWrite(p.Stdout, document, json.Deterministic(true), jsontext.WithIndent("  "), jsontext.EscapeForHTML(false)); err != nil {
		return fmt.Errorf("writing the schema: %w", err)
	}
	_, err = io.WriteString(p.Stdout, "\n")
	return err
}

func (p *Program) contract(configPath, catalogPath string) (*schema.Contract, error) {
	c, err := p.configOrDefaults(configPath)
	if err != nil {
		return nil, err
	}
	catalog, err := p.readCatalog(catalogPath)
	if err != nil {
		return nil, err
	}
	table, err := route.NewTable(c, catalog, p.agent())
	if err != nil {
		return nil, err
	}
	return schema.New(c, table), nil
}

func (p *Program) configOrDefaults(path string) (*config.Config, error) {
	if path == "" {
		return config.Parse(p.Spec, []byte(`{"url":"https://example.com/hook"}`))
	}
	c, redactor, err := p.configure(path, protocol.NewWriter(io.Discard))
	if err != nil {
		return nil, err
	}
	n, err := p.network(c, redactor, nil)
	if err != nil {
		return nil, err
	}
	n.Close()
	return c, nil
}
