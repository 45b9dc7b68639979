package destination

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// uncertainSync is a sync of a table to an endpoint, with snapshot and dead letters in a folder.
func uncertainSync(t *testing.T, url, dir string, generation int, lines []string) *Program {
	t.Helper()
	return programOf(t, map[string]string{
		"config": fmt.Sprintf(`{"url":%q,"snapshot":{"type":"local","path":%q},"allow_mass_removal":true,"on_rejected_rows":"dead_letter","dead_letter":{"type":"local","path":%q},"delivery":{"retry":{"initial_interval_ms":1}}}`,
			url, filepath.Join(dir, "snapshot"), filepath.Join(dir, "letters")),
		"catalog": fmt.Sprintf(`{"streams":[{"stream":{"name":"users","json_schema":{}},"sync_mode":"full_refresh","destination_sync_mode":"append","generation_id":%d,"minimum_generation_id":%d,"sync_id":%d,"primary_key":[["id"]]}]}`, generation, generation, generation),
	}, lines, io.Discard)
}

// An endpoint may take a row, and the answer be lost; when the row comes again it refuses it. Then
// nobody knows what it has, and the row is sent whatever it is in the next sync. It is also removed
// if it has left.
func TestRowThatWasRefusedAfterALostAnswer(t *testing.T) {
	for name, test := range map[string]struct {
		first, refused, then, want string
	}{
		"goes back": {`{"id":1,"v":2}`, `{"id":1,"v":3}`, `{"id":1,"v":2}`, `{"data":{"id":1,"v":2},"operation":"changed","primary_key":"1"}`},
		"is new":    {``, `{"id":1,"v":3}`, ``, `{"data":{"id":1,"v":3},"operation":"removed","primary_key":"1"}`},
	} {
		t.Run(name, func(t *testing.T) {
			var answers []int
			var last string
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				last = string(body)
				if len(answers) > 0 {
					w.WriteHeader(answers[0])
					answers = answers[1:]
				}
			}))
			defer server.Close()
			dir, generation := t.TempDir(), 0
			sync := func(rows ...string) {
				t.Helper()
				generation++
				var lines []string
				for _, row := range rows {
					if row != "" {
						lines = append(lines, user(row))
					}
				}
				p := uncertainSync(t, server.URL, dir, generation, append(lines, completed))
				if err := p.Write(t.Context(), "config", "catalog"); err != nil {
					t.Fatal(err)
				}
			}
			sync(test.first)
			answers = []int{500, 400}
			sync(test.refused)
			last = ""
			sync(test.then)
			if diff := cmp.Diff(envelope("mirror", test.want), last); diff != "" {
				t.Errorf("the last request (-want +got):\n%s", diff)
			}
			last = ""
			if sync(test.then); last != "" {
				t.Errorf("then %s was sent", last)
			}
		})
	}
}
