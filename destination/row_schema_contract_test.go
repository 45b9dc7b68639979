package destination

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

const usersCatalog = `{"streams":[{"stream":{"name":"users","json_schema":{"type":"object"},"supported_sync_modes":["full_refresh"]},
	"sync_mode":"full_refresh","destination_sync_mode":"append_dedup","primary_key":[["id"]],"generation_id":1,"minimum_generation_id":0,"sync_id":1}]}`

// compiledContract returns the schema of the bodies of the stream users.
func compiledContract(t *testing.T, document any, openAPI bool) *jsonschema.Schema {
	t.Helper()
	place := "contract.json"
	if openAPI {
		place += "#/components/schemas/users"
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("contract.json", document); err != nil {
		t.Fatal(err)
	}
	contract, err := c.Compile(place)
	if err != nil {
		t.Fatal(err)
	}
	return contract
}

// TestContractHasTheRowsSchema: what schema prints refuses rows that payload.schema refuses, in
// each format, and takes removed rows, which are not held against it.
func TestContractHasTheRowsSchema(t *testing.T) {
	const (
		schema                          = `"schema":{"type":"object","properties":{"email":{"$ref":"#/definitions/mail"}},"definitions":{"mail":{"type":"string","pattern":"@"}}}`
		envelope, fits, misfit, deleted = `{"sync_mode":"%s","rows":[%s]}`, `{"email":"a@b"}`, `{"email":"secret"}`, `{"email":"secret","_ab_cdc_deleted_at":"2026"}`
		full                            = `{"data":%s,"operation":"%s","primary_key":"1"}`
		mirror                          = `"sync_mode":"mirror","snapshot":{"type":"local","path":"/tmp/snapshot"},`
	)
	row := func(data, operation string) string { return fmt.Sprintf(full, data, operation) }
	for name, test := range map[string]struct{ config, taken, refused string }{
		"envelope": {`"payload":{"format":"envelope",` + schema + `}`,
			fmt.Sprintf(envelope, "upsert", `{"data":`+fits+`,"primary_key":"1"},`+row(misfit, "removed")), fmt.Sprintf(envelope, "upsert", `{"data":`+misfit+`,"primary_key":"1"}`)},
		"insert": {`"sync_mode":"insert","payload":{"format":"envelope",` + schema + `}`,
			fmt.Sprintf(envelope, "insert", row(fits, "added")), fmt.Sprintf(envelope, "insert", row(misfit, "added"))},
		"mirror": {mirror + `"payload":{"format":"envelope",` + schema + `}`,
			fmt.Sprintf(envelope, "mirror", row(fits, "changed")+","+row(`{}`, "removed")), fmt.Sprintf(envelope, "mirror", row(misfit, "changed"))},
		"of a stream": {`"streams":[{"stream":"users","payload":{"format":"envelope",` + schema + `}}]`,
			fmt.Sprintf(envelope, "upsert", `{"data":`+fits+`,"primary_key":"1"}`), fmt.Sprintf(envelope, "upsert", `{"data":`+misfit+`,"primary_key":"1"}`)},
		"array":            {`"payload":{"format":"array",` + schema + `}`, "[" + fits + "," + deleted + "]", "[" + fits + "," + misfit + "]"},
		"array, insert":    {`"sync_mode":"insert","payload":{"format":"array",` + schema + `}`, "[" + fits + "]", "[" + deleted + "]"},
		"array, full":      {`"payload":{"format":"array","row":"full",` + schema + `}`, "[" + row(misfit, "removed") + "]", `[{"data":` + misfit + `,"primary_key":"1"}]`},
		"array, transform": {`"sync_mode":"insert","payload":{"format":"array","transform":"{email}",` + schema + `}`, "[" + fits + "]", "[" + misfit + "]"},
		"ndjson":           {`"payload":{"format":"ndjson",` + schema + `}`, fits, misfit},
		"single":           {`"payload":{"format":"single",` + schema + `}`, fits, misfit},
		"wrapped":          {`"payload":{"format":"wrapped","wrapper":"{\"docs\":\"$rows\"}",` + schema + `}`, `{"docs":[` + fits + `]}`, `{"docs":[` + misfit + `]}`},
	} {
		config := `{"url":"https://example.com/hook","connection_check":"head",` + test.config + `}`
		for _, openAPI := range []bool{false, true} {
			document := contractOf(t, config, usersCatalog, openAPI)
			contract := compiledContract(t, document, openAPI)
			for body, taken := range map[string]bool{test.taken: true, test.refused: false} {
				value, err := jsonschema.UnmarshalJSON(strings.NewReader(body))
				if err != nil {
					t.Fatal(err)
				}
				if err := contract.Validate(value); (err == nil) != taken {
					t.Errorf("%s, OpenAPI %t: %s: %v", name, openAPI, body, err)
				}
			}
		}
	}
}

// TestContractOfAForm: the fields of a form are texts, so the schema of the row is beside them.
func TestContractOfAForm(t *testing.T) {
	config := `{"url":"https://example.com/hook","connection_check":"head","payload":{"format":"form","schema":{"required":["email"]}}}`
	text, err := json.Marshal(contractOf(t, config, usersCatalog, false))
	if err != nil || !strings.Contains(string(text), `"$defs":{"row":{"required":["email"]`) {
		t.Errorf("%v: %s", err, text)
	}
}
