// Package limits holds the built program to the memory that docs/reliability.md states, on input
// that is odd or endless. What is judged are peaks of resident memory, with room for the runtime;
// never time.
package limits

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"destination-webhook/acceptance_tests/connector"
)

const mebibyte = 1 << 20

// binary is the path of the program under test.
var binary string

func TestMain(m *testing.M) {
	if code, measured := connector.Launch(); measured {
		os.Exit(code)
	}
	os.Exit(connector.Run(m, &binary))
}

// outcome is how a sync ended.
type outcome struct {
	code   int
	stdout string
	rows   int64
	peak   int // bytes of resident memory
}

// sync feeds the program with what feed writes.
func sync(t *testing.T, catalog string, feed func(w io.Writer)) outcome {
	t.Helper()
	url, rows := listen(t)
	o := syncTo(t, url, catalog, feed)
	o.rows = rows()
	return o
}

// counter is an endpoint that counts rows, without a look at what they are: to parse them takes
// longer than all that the program does.
type counter struct {
	t    *testing.T
	rows atomic.Int64
}

func (c *counter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body := make([]byte, max(0, r.ContentLength))
	if _, err := io.ReadFull(r.Body, body); err != nil || len(body) == 0 {
		c.t.Errorf("a body of %d bytes: %v", r.ContentLength, err)
	}
	c.rows.Add(int64(bytes.Count(body, []byte(`{"data":`))))
	w.WriteHeader(http.StatusNoContent)
}

// listen starts an endpoint, and returns its URL and what counts the rows that have come.
func listen(t *testing.T) (url string, rows func() int64) {
	t.Helper()
	c := &counter{t: t}
	server := httptest.NewServer(c)
	t.Cleanup(server.Close)
	return server.URL, c.rows.Load
}

// syncTo is sync to another endpoint.
func syncTo(t *testing.T, url, catalog string, feed func(w io.Writer)) outcome {
	t.Helper()
	return syncWith(t, fmt.Sprintf(`{"url":%q}`, url), catalog, feed)
}

// syncWith is sync with a config.
func syncWith(t *testing.T, config, catalog string, feed func(w io.Writer)) outcome {
	t.Helper()
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	cmd := exec.CommandContext(t.Context(), binary, "write",
		"--config", write("config.json", config), "--catalog", write("catalog.json", catalog))
	var out bytes.Buffer
	cmd.Stdout, cmd.Env = &out, append(os.Environ(), "LOG_LEVEL=ERROR")
	report := filepath.Join(dir, "peak")
	if err := connector.Measured(cmd, report); err != nil {
		t.Fatal(err)
	}
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	buffered := bufio.NewWriterSize(stdin, 64<<10)
	feed(buffered)
	_, _ = buffered.Flush(), stdin.Close() // the program may have ended before
	_ = cmd.Wait()                         // its code is looked at
	peak, err := connector.Peak(report)
	if err != nil {
		t.Fatal(err)
	}
	return outcome{code: cmd.ProcessState.ExitCode(), stdout: out.String(), peak: peak}
}

func catalogOf(streams int) string {
	var b strings.Builder
	b.WriteString(`{"streams":[`)
	for i := range streams {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"stream":{"name":"s%d","json_schema":{}},"sync_mode":"full_refresh","destination_sync_mode":"append"}`, i)
	}
	return b.String() + "]}"
}

func records(w io.Writer, rows, streams int) {
	text := strings.Repeat("x", 300)
	for i := range rows {
		if err := record(w, i%streams, i, text); err != nil {
			return
		}
	}
}

// record writes a row whose text needs no escapes: to look for some in each takes longer than all
// that the program does with it.
func record(w io.Writer, stream, id int, text string) error {
	_, err := fmt.Fprintf(w, `{"type":"RECORD","record":{"stream":"s%d","data":{"id":%d,"text":"%s"},"emitted_at":1}}`+"\n", stream, id, text)
	return err
}

func (o outcome) want(t *testing.T, rows int64, most int) {
	t.Helper()
	if o.code != 0 || o.rows != rows {
		t.Errorf("exit %d, %d rows arrived, want %d\n%.500s", o.code, o.rows, rows, o.stdout)
	}
	t.Logf("a peak of %d MiB", o.peak/mebibyte)
	if o.peak > most {
		t.Errorf("a peak of %d MiB, want at most %d", o.peak/mebibyte, most/mebibyte)
	}
}

// Memory does not grow with the length of a sync.
func TestMemoryIsFlat(t *testing.T) {
	var peaks []int
	for _, rows := range []int{50_000, 500_000} {
		o := sync(t, catalogOf(1), func(w io.Writer) { records(w, rows, 1) })
		o.want(t, int64(rows), 96*mebibyte)
		peaks = append(peaks, o.peak)
	}
	if peaks[1] > peaks[0]+24*mebibyte {
		t.Errorf("peaks of %d and %d MiB for ten times the rows", peaks[0]/mebibyte, peaks[1]/mebibyte)
	}
}

func TestStatesWithoutRecords(t *testing.T) {
	const states = 300_000
	o := sync(t, catalogOf(1), func(w io.Writer) {
		for i := range states {
			_, _ = fmt.Fprintf(w, `{"type":"STATE","state":{"type":"STREAM","stream":{"stream_descriptor":{"name":"s0"},"stream_state":{"c":%d}}}}`+"\n", i)
		}
	})
	o.want(t, 0, 256*mebibyte)
	n := 0
	for line := range strings.Lines(o.stdout) {
		if !strings.Contains(line, fmt.Sprintf(`"stream_state":{"c":%d}`, n)) {
			t.Fatalf("state %d is %s", n, line)
		}
		n++
	}
	if n != states {
		t.Errorf("%d states came out", n)
	}
}

// A STATE of many megabytes is held while its rows are delivered and the next one is read, and is
// not copied to be written.
func TestLargeStates(t *testing.T) {
	const size, states = 64 * mebibyte, 3
	large := strings.Repeat("x", size)
	o := sync(t, catalogOf(1), func(w io.Writer) {
		for range states {
			records(w, 1, 1)
			_, _ = fmt.Fprintf(w, `{"type":"STATE","state":{"type":"STREAM","stream":{"stream_descriptor":{"name":"s0"},"stream_state":{"c":"%s"}}}}`+"\n", large)
		}
	})
	o.want(t, states, (128+4*64)*mebibyte)
	if n := strings.Count(o.stdout, large); n != states || strings.Count(o.stdout, "\n") != states {
		t.Errorf("%d states came out whole", n)
	}
}

func TestManyStreams(t *testing.T) {
	o := sync(t, catalogOf(100_000), func(w io.Writer) { records(w, 100_000, 10_000) })
	o.want(t, 100_000, 384*mebibyte)
}

func TestEndlessLine(t *testing.T) {
	o := sync(t, catalogOf(1), func(w io.Writer) {
		chunk := []byte(strings.Repeat("a", mebibyte))
		_, err := io.WriteString(w, `{"type":"RECORD","record":{"stream":"s0","data":{"text":"`)
		for range 1024 {
			if err == nil {
				_, err = w.Write(chunk)
			}
		}
	})
	if o.code != 1 || !strings.Contains(o.stdout, "longer than 256 MiB") || !strings.Contains(o.stdout, "system_error") {
		t.Errorf("exit %d\n%.500s", o.code, o.stdout)
	}
	if o.peak > 768*mebibyte {
		t.Errorf("a peak of %d MiB", o.peak/mebibyte)
	}
}

func TestDeepNesting(t *testing.T) {
	nested := func(depth int) string {
		return fmt.Sprintf(`{"type":"RECORD","record":{"stream":"s0","data":{"a":%s1%s},"emitted_at":1}}`+"\n", strings.Repeat("[", depth), strings.Repeat("]", depth))
	}
	sync(t, catalogOf(1), func(w io.Writer) { _, _ = io.WriteString(w, nested(9_000)) }).want(t, 1, 512*mebibyte)
	if o := sync(t, catalogOf(1), func(w io.Writer) { _, _ = io.WriteString(w, nested(10_001)) }); o.code != 1 || !strings.Contains(o.stdout, "nested deeper") {
		t.Errorf("exit %d\n%.500s", o.code, o.stdout)
	}
}

// What an endpoint answers costs the memory that docs/reliability.md states, however long it is.
func TestEndlessAnswers(t *testing.T) {
	entry := []byte(strings.Repeat(`{"index":0,"a":1},`, 1000))
	for name, test := range map[string]struct {
		begin, end string
		entries    int // in thousands; below 0: without end
		code       int
		stdout     string
	}{
		"a verdict without end":  {`{"rejected":[`, "", -1, 1, "more than 4 MiB"},
		"a large verdict":        {`{"rejected":[`, `{"index":0}]}`, 230, 1, "stream s0: the row in line "},
		"an unclear one":         {`{"rejected":[`, `{"index":-1}]}`, 230, 1, "its index is no whole number from 0"},
		"a large list of others": {`{"accepted":[`, `{"index":0}]}`, 230, 0, ""},
		"no verdict":             {`[`, "", -1, 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				_, err := io.WriteString(w, test.begin)
				for n := 0; err == nil && n != test.entries; n++ {
					_, err = w.Write(entry)
				}
				_, _ = io.WriteString(w, test.end)
			}))
			defer server.Close()
			o := syncTo(t, server.URL, catalogOf(1), func(w io.Writer) { records(w, 20_000, 1) })
			if o.code != test.code || !strings.Contains(o.stdout, test.stdout) {
				t.Errorf("exit %d\n%.500s", o.code, o.stdout)
			}
			if most := (96 + 8*50) * mebibyte; o.peak > most {
				t.Errorf("a peak of %d MiB, want at most %d", o.peak/mebibyte, most/mebibyte)
			}
		})
	}
}
