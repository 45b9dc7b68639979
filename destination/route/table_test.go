package route

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"destination-webhook/destination/config"
	"destination-webhook/destination/config/configtest"
	"destination-webhook/protocol"
)

func catalogOf(t testing.TB, streams string) *protocol.Catalog {
	t.Helper()
	c, err := protocol.ParseCatalog([]byte(`{"streams":[` + streams + `]}`))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

const snapshotOn = `,"snapshot":{"type":"local","path":"/snapshot"}`

// The mode follows the catalog unless config or override say otherwise.
func TestModes(t *testing.T) {
	const (
		key    = `,"primary_key":[["id"]]`
		full   = `"sync_mode":"full_refresh",`
		alike  = `,"generation_id":1,"minimum_generation_id":1` // as some drivers number every sync
		ownKey = `,"streams":[{"stream":"users","primary_key":[["email"]]}]`
	)
	tests := map[string]struct {
		config, stream string // members
		want           config.SyncMode
	}{
		"append":                       {"", `"destination_sync_mode":"append"`, config.Insert},
		"append_dedup":                 {"", `"destination_sync_mode":"append_dedup"` + key, config.Upsert},
		"update":                       {"", `"destination_sync_mode":"update"` + key, config.Upsert},
		"soft_delete":                  {"", `"destination_sync_mode":"soft_delete"` + key, config.Remove},
		"overwrite":                    {"", full + `"destination_sync_mode":"overwrite"` + key, config.Insert},
		"overwrite with snapshot":      {snapshotOn, full + `"destination_sync_mode":"overwrite"` + key, config.Mirror},
		"overwrite without key":        {snapshotOn, full + `"destination_sync_mode":"overwrite"`, config.Insert},
		"refresh with snapshot":        {snapshotOn, full + `"destination_sync_mode":"append","generation_id":2,"minimum_generation_id":2` + key, config.Mirror},
		"later sync of a generation":   {snapshotOn, full + `"destination_sync_mode":"append","generation_id":2,"minimum_generation_id":0` + key, config.Insert},
		"no generations":               {snapshotOn, full + `"destination_sync_mode":"append","generation_id":0,"minimum_generation_id":0` + key, config.Insert},
		"incremental append, alike":    {snapshotOn, `"sync_mode":"incremental","destination_sync_mode":"append"` + alike + key, config.Insert},
		"incremental dedup, alike":     {snapshotOn, `"sync_mode":"incremental","destination_sync_mode":"append_dedup"` + alike + key, config.Upsert},
		"incremental overwrite":        {snapshotOn, `"sync_mode":"incremental","destination_sync_mode":"overwrite"` + key, config.Mirror},
		"incremental refresh":          {snapshotOn, `"sync_mode":"incremental","destination_sync_mode":"append_dedup","generation_id":2,"minimum_generation_id":2` + key, config.Mirror},
		"overwrite, key of override":   {snapshotOn + ownKey, full + `"destination_sync_mode":"overwrite"`, config.Mirror},
		"config before catalog":        {`,"sync_mode":"upsert"`, `"destination_sync_mode":"append"` + key, config.Upsert},
		"override before config":       {`,"sync_mode":"upsert","streams":[{"stream":"users","sync_mode":"insert"}]`, `"destination_sync_mode":"append"` + key, config.Insert},
		"override of another stream":   {`,"sync_mode":"upsert","streams":[{"stream":"orders","sync_mode":"insert"}]`, `"destination_sync_mode":"append"` + key, config.Upsert},
		"override back to auto":        {`,"sync_mode":"insert","streams":[{"stream":"users","sync_mode":"auto"}]`, `"destination_sync_mode":"append_dedup"` + key, config.Upsert},
		"key of the override suffices": {`,"streams":[{"stream":"users","sync_mode":"upsert","primary_key":[["email"]]}]`, `"destination_sync_mode":"append"`, config.Upsert},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			rs, err := NewTable(configtest.Parse(t, test.config), catalogOf(t, `{"stream":{"name":"users"},`+test.stream+`}`), "agent")
			if err != nil {
				t.Fatal(err)
			}
			if got := rs[0].Mode; got != test.want {
				t.Errorf("mode %s, want %s", got, test.want)
			}
		})
	}
}

func TestRoutesRefuseWhatCannotBeSent(t *testing.T) {
	tests := map[string]struct{ config, streams, want string }{
		"a key that is missing": {"", `{"stream":{"name":"users"},"destination_sync_mode":"append_dedup"}`, "stream users: sync mode upsert needs a primary key"},
		"a stream that stands twice": {"", `{"stream":{"name":"users","namespace":null},"destination_sync_mode":"append"},{"stream":{"name":"users","namespace":""},"destination_sync_mode":"append"}`,
			"stream users is in the catalog twice"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := NewTable(configtest.Parse(t, test.config), catalogOf(t, test.streams), "agent")
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want %q", err, test.want)
			}
		})
	}
}

func TestRoutesListAllProblems(t *testing.T) {
	_, err := NewTable(configtest.Parse(t, ""), catalogOf(t, `{"stream":{"name":"a"},"destination_sync_mode":"append_dedup"},{"stream":{"name":"b"},"destination_sync_mode":"soft_delete"}`), "agent")
	if err == nil || !strings.Contains(err.Error(), "stream a:") || !strings.Contains(err.Error(), "stream b:") {
		t.Errorf("error %v, want both streams named", err)
	}
}

func TestHeaders(t *testing.T) {
	c := configtest.Parse(t, `,"authorization_header":"Bearer x","api_key":"k","headers":[{"name":"x-tenant","value":"acme"}]`)
	rs, err := NewTable(c, catalogOf(t, `{"stream":{"name":"café 100%","namespace":"a\nb"},"destination_sync_mode":"append"},{"stream":{"name":"plain"},"destination_sync_mode":"append"}`), "agent/1")
	if err != nil {
		t.Fatal(err)
	}
	want := http.Header{
		"Content-Type": {"application/json"}, "User-Agent": {"agent/1"}, "Authorization": {"Bearer x"}, "X-Api-Key": {"k"}, "X-Tenant": {"acme"},
		"Airbyte-Stream": {"caf%C3%A9%20100%25"}, "Airbyte-Namespace": {"a%0Ab"},
	}
	if diff := cmp.Diff(want, rs[0].Header); diff != "" {
		t.Errorf("header (-want +got):\n%s", diff)
	}
	if _, set := rs[1].Header["Airbyte-Namespace"]; set {
		t.Error("a stream without a namespace has a header for it")
	}
}

func TestPercentEncode(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "users_2-a.b~": "users_2-a.b~", "a b": "a%20b", "100%": "100%25", "ü": "%C3%BC", "\x00\r\n\x7f": "%00%0D%0A%7F", "\xff": "%FF", "a,b;c=\"d\"": "a,b;c=\"d\"",
	} {
		if got := PercentEncode(text); got != want {
			t.Errorf("%q becomes %s, want %s", text, got, want)
		}
	}
}

func TestUnmatchedOverrides(t *testing.T) {
	c := configtest.Parse(t, `,"streams":[{"stream":"users"},{"stream":"ordres"},{"stream":"users","namespace":"b"},{"stream":"xyz"},{"stream":"pipe"}]`)
	rs, err := NewTable(c, catalogOf(t, `{"stream":{"name":"users","namespace":"a"},"destination_sync_mode":"append"},{"stream":{"name":"orders"},"destination_sync_mode":"append"},{"stream":{"name":"pipe\t"},"destination_sync_mode":"append"}`), "agent")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"streams: the override for ordres matches no stream of this sync; did you mean orders?",
		"streams: the override for b.users matches no stream of this sync; did you mean users?",
		"streams: the override for xyz matches no stream of this sync",
		`streams: the override for pipe matches no stream of this sync; did you mean "pipe\t"?`,
	}
	if diff := cmp.Diff(want, rs.unmatchedOverrides(c)); diff != "" {
		t.Errorf("warnings (-want +got):\n%s", diff)
	}
}

// Overrides and streams may both be many: neither is compared with all of the other.
func TestManyUnmatchedOverrides(t *testing.T) {
	const n = 5_000
	var overrides, streams []string
	for i := range n {
		overrides = append(overrides, fmt.Sprintf(`{"stream":"override_%d"}`, i), fmt.Sprintf(`{"stream":"stream_%d","method":"PUT"}`, i))
		streams = append(streams, fmt.Sprintf(`{"stream":{"name":"stream_%d"},"destination_sync_mode":"append"}`, i))
	}
	c := configtest.Parse(t, `,"streams":[`+strings.Join(overrides, ",")+`]`)
	table, err := NewTable(c, catalogOf(t, strings.Join(streams, ",")), "agent")
	if err != nil {
		t.Fatal(err)
	}
	if table[n-1].Method != "PUT" {
		t.Errorf("the last stream goes by %s", table[n-1].Method)
	}
	warnings := table.unmatchedOverrides(c)
	if len(warnings) != 11 || warnings[10] != fmt.Sprintf("streams: %d more overrides match no stream of this sync", n-10) {
		t.Errorf("%d warnings, the last one %q", len(warnings), warnings[len(warnings)-1])
	}
}

func TestWarningsAboutRowsThatAreGone(t *testing.T) {
	const refresh = `"sync_mode":"incremental","destination_sync_mode":"append","generation_id":2,"minimum_generation_id":2,"sync_id":9`
	const replace = `"sync_mode":"incremental","destination_sync_mode":"overwrite","generation_id":1,"minimum_generation_id":1,"sync_id":1,"primary_key":[["id"]]`
	for place, want := range map[string]string{"": "in sync mode insert the endpoint is not told", `,"snapshot":{"type":"local","path":"/s"}`: "an incremental one need not send every row"} {
		rs, err := NewTable(configtest.Parse(t, place), catalogOf(t, `{"stream":{"name":"a"},`+replace+`}`), "agent")
		if err != nil {
			t.Fatal(err)
		}
		if warnings := rs.keptRows(); len(warnings) != 1 || !strings.Contains(warnings[0], want) {
			t.Errorf("incremental overwrite: warnings %q, want %q", warnings, want)
		}
	}
	rs, err := NewTable(configtest.Parse(t, ""), catalogOf(t, `{"stream":{"name":"a"},`+refresh+`}`), "agent")
	if err != nil {
		t.Fatal(err)
	}
	if warnings := rs.keptRows(); len(warnings) != 1 || !strings.Contains(warnings[0], "in sync mode insert the endpoint is not told") {
		t.Errorf("a refresh of an incremental stream: warnings %q", warnings)
	}
	catalog := catalogOf(t, `{"stream":{"name":"gone"},"sync_mode":"full_refresh","destination_sync_mode":"overwrite"},{"stream":{"name":"kept"},"sync_mode":"full_refresh","destination_sync_mode":"append"},
		{"stream":{"name":"added to"},"sync_mode":"incremental","destination_sync_mode":"append","generation_id":1,"minimum_generation_id":1}`)
	if rs, err = NewTable(configtest.Parse(t, ""), catalog, "agent"); err != nil {
		t.Fatal(err)
	}
	warnings := rs.keptRows()
	if len(warnings) != 1 || !strings.HasPrefix(warnings[0], "stream gone: ") {
		t.Errorf("warnings %q, want one about gone", warnings)
	}
}

// Each field of a key is looked for among all of them in every row.
func TestKeysHaveFewFields(t *testing.T) {
	for fields, refused := range map[int]bool{200: false, 201: true} {
		key := strings.TrimSuffix(strings.Repeat(`["id"],`, fields), ",")
		_, err := NewTable(configtest.Parse(t, ""), catalogOf(t, `{"stream":{"name":"a"},"destination_sync_mode":"append_dedup","primary_key":[`+key+`]}`), "agent")
		if (err != nil) != refused || refused && !strings.Contains(err.Error(), "more than 200 fields") {
			t.Errorf("%d fields: %v", fields, err)
		}
	}
}
