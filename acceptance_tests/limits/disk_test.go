package limits

import (
	"crypto/rand"
	"fmt"
	"io"
	"strings"
	"testing"

	"destination-webhook/destination/folder/foldertest"
	"destination-webhook/receiver"
)

// A sync whose snapshot fills its disk ends with a TRACE that says what to do, once, and with no
// state of rows that the endpoint lacks. The next one does not begin before there is room.
func TestSnapshotOnAFullDisk(t *testing.T) {
	dir := foldertest.Small(t, 80*mebibyte)
	endpoint, err := receiver.Listen(t.Context(), "127.0.0.1:0", receiver.Options{KeepRequests: 1, KeepBytes: mebibyte})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = endpoint.Close() }()
	config := fmt.Sprintf(`{"url":%q,"sync_mode":"mirror","snapshot":{"type":"local","path":%q},"batching":{"max_rows":20},"delivery":{"max_concurrent_requests":1}}`, endpoint.URL(), dir+"/snapshot")
	catalog := strings.Replace(catalogOf(1), `"append"`, `"append","primary_key":[["id"]]`, 1)
	feed := func(w io.Writer) {
		for i := range 12_000 {
			random := make([]byte, 5000) // which cannot be compressed
			_, _ = rand.Read(random)
			record := `{"type":"RECORD","record":{"stream":"s0","data":{"id":%d,"text":"%x"},"emitted_at":1}}` + "\n"
			state := `{"type":"STATE","state":{"type":"STREAM","stream":{"stream_descriptor":{"name":"s0"},"stream_state":{"rows":%d}}}}` + "\n"
			if _, err := fmt.Fprintf(w, record+state, i, random, i+1); err != nil {
				return
			}
		}
	}
	first := syncWith(t, config, catalog, feed)
	if first.code != 1 || strings.Count(first.stdout, "its disk is full: free at least ") != 1 || strings.Count(first.stdout, `"TRACE"`) != 1 {
		t.Errorf("exit %d\n%s", first.code, lastLine(first.stdout))
	}
	if states, rows := strings.Count(first.stdout, `"STATE"`), endpoint.Totals().Rows; states == 0 || int64(states) > rows {
		t.Errorf("%d states, and %d rows arrived", states, rows)
	}
	before := endpoint.Totals().Requests
	again := syncWith(t, config, catalog, feed)
	if again.code != 1 || !strings.Contains(again.stdout, "its disk is full: free at least ") || endpoint.Totals().Requests != before {
		t.Errorf("on the full disk: exit %d\n%s", again.code, lastLine(again.stdout))
	}
}

func lastLine(text string) string {
	text = strings.TrimRight(text, "\n")
	return text[strings.LastIndexByte(text, '\n')+1:]
}
