package destination

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// keylessCatalog has streams without a primary key.
const keylessCatalog = `{"streams":[
	{"stream":{"name":"users","json_schema":{}},"sync_mode":"incremental","destination_sync_mode":"append"},
	{"stream":{"name":"orders","json_schema":{}},"sync_mode":"incremental","destination_sync_mode":"append"}]}`

// keylessInput has rows of users in lines 3, 5, 6 and 9.
var keylessInput = []string{
	`{"type":"RECORD","record":{"stream":"orders","data":{"id":1},"emitted_at":1}}`,
	`{"type":"STATE","state":{"type":"STREAM","stream":{"stream_descriptor":{"name":"orders"},"stream_state":{"at":1}}}}`,
	user(`{"id":3}`),
	``,
	user(`{"id":5,"bad":"yes"}`),
	user(`{"id":6}`),
	`{"type":"LOG","log":{"level":"INFO","message":"half way"}}`,
	`{"type":"STATE","state":{"type":"STREAM","stream":{"stream_descriptor":{"name":"users"},"stream_state":{"at":6}}}}`,
	user(`{"id":9,"bad":"yes"}`),
}

// picky is an endpoint that fails once and then refuses every request with a bad row.
func picky(t *testing.T) *httptest.Server {
	failed := false
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		switch {
		case !failed:
			failed = true
			w.Header().Set("Retry-After", "0")
			w.WriteHeader(http.StatusServiceUnavailable)
		case bytes.Contains(body, []byte("bad")):
			w.WriteHeader(http.StatusUnprocessableEntity)
		}
	}))
	t.Cleanup(server.Close)
	return server
}

func writeKeyless(t *testing.T, url, options string) (said string, err error) {
	t.Helper()
	var out bytes.Buffer
	p := programOf(t, map[string]string{
		"config":  fmt.Sprintf(`{"url":%q,"delivery":{"max_concurrent_requests":1}%s}`, url, options),
		"catalog": keylessCatalog,
	}, keylessInput, &out)
	err = p.Write(t.Context(), "config", "catalog")
	return out.String(), err
}

// formats are those of payload.
var formats = []string{`"envelope"`, `"array"`, `"ndjson"`, `"wrapped","wrapper":"{\"items\":\"$rows\"}"`, `"single"`, `"form"`}

// A row without a key is named by its line of the input, in every format: after the request with it
// was retried, refused and halved.
func TestRejectedRowWithoutAKeyIsNamedByItsLine(t *testing.T) {
	for _, format := range formats {
		t.Run(format, func(t *testing.T) {
			said, err := writeKeyless(t, picky(t).URL, `,"payload":{"format":`+format+`}`)
			if want := "stream users: the row in line 5 of the input was refused, and on_rejected_rows is fail: "; err == nil || !strings.Contains(said, want) {
				t.Errorf("error %v, %q is not in %s", err, want, said)
			}
		})
	}
}

func TestDeadLetterWithoutAKeyHasItsLine(t *testing.T) {
	for _, format := range formats {
		t.Run(format, func(t *testing.T) {
			letters := filepath.Join(t.TempDir(), "letters")
			said, err := writeKeyless(t, picky(t).URL, fmt.Sprintf(`,"payload":{"format":%s},"on_rejected_rows":"dead_letter","dead_letter":{"type":"local","path":%q}`, format, letters))
			if err != nil {
				t.Fatal(err)
			}
			if want := `rows are rejected and go to the dead letters stream=users first=\"the row in line 5 of the input\" reason=`; !strings.Contains(said, want) {
				t.Errorf("%q is not in %s", want, said)
			}
			var lines []string
			for _, found := range regexp.MustCompile(`"data":\{"id":(\d).*"line":(\d+)`).FindAllStringSubmatch(deadLettersIn(t, letters), -1) {
				lines = append(lines, found[1]+" of line "+found[2])
			}
			if diff := cmp.Diff([]string{"5 of line 5", "9 of line 9"}, lines); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// An answer that names several rows has all of them told.
func TestAllRowsThatAnAnswerRejectsAreNamed(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// Rows 3, 5 and 6: a state follows.
		if body, _ := io.ReadAll(r.Body); bytes.Contains(body, []byte("bad")) {
			_, _ = io.WriteString(w, `{"rejected":[{"index":1,"reason":"no bad ones"},{"index":2}]}`)
		}
	}))
	t.Cleanup(server.Close)
	said, err := writeKeyless(t, server.URL, ``)
	if want := "stream users: 2 rows were refused, in lines 5, 6 of the input, and on_rejected_rows is fail: "; err == nil || !strings.Contains(said, want) {
		t.Errorf("error %v, %q is not in %s", err, want, said)
	}
}
