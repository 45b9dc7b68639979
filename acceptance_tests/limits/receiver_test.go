package limits

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/klauspost/compress/gzip"
)

// mostOfReceiver is what docs/receiver.md says of its memory.
const mostOfReceiver = 576 * mebibyte

// Small bodies that unpack to large ones, several at once, do not take more of the receiver than
// docs/receiver.md says, whatever they are made of.
func TestReceiverOfGzipBombs(t *testing.T) {
	for name, test := range map[string]struct {
		begin, part, end string
		size             int
	}{
		"within the bound": {`{"sync_mode":"insert","rows":[`, " ", `]}`, 60 * mebibyte},
		"beyond it":        {`{"sync_mode":"insert","rows":[`, " ", `]}`, 120 * mebibyte},
		"a manifest":       {`{"type":"manifest","run":"r","superseded":[`, `"",`, `""]}`, 60 * mebibyte},
		"members":          {`{`, `"":0,`, `"":0}`, 60 * mebibyte},
		"rows":             {`{"sync_mode":"insert","rows":[`, `{"data":{}},`, `{"data":{}}]}`, 12 * 99_000},
	} {
		t.Run(name, func(t *testing.T) {
			url, process := startReceiver(t)
			bomb := gzipBomb(t, test.begin+strings.Repeat(test.part, test.size/len(test.part))+test.end)
			answered := make(chan struct{})
			for range 8 {
				go func() {
					postGzip(t, url, bomb)
					answered <- struct{}{}
				}()
			}
			for range 8 {
				<-answered
			}
			peakWithin(t, process, mostOfReceiver)
		})
	}
}

// Twice as many connections as it serves, each with the header that takes most, do not take more of
// the receiver either.
func TestReceiverOfHeaders(t *testing.T) {
	url, process := startReceiver(t)
	var header strings.Builder
	header.WriteString("POST /hook HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n")
	for i := 0; header.Len() < 32<<10; i++ {
		fmt.Fprintf(&header, "%x:\r\n", i)
	}
	var clients []net.Conn
	for range 600 {
		client, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer client.Close()
		clients = append(clients, client)
		_, _ = io.WriteString(client, header.String()) // it may be closed already
	}
	answered := 0
	for _, client := range clients {
		_, _ = io.WriteString(client, "\r\n")
		if answer, _ := io.ReadAll(client); bytes.Contains(answer, []byte("431")) {
			answered++
		}
	}
	if answered == 0 || answered == len(clients) {
		t.Errorf("%d of %d were answered", answered, len(clients))
	}
	peakWithin(t, process, mostOfReceiver)
}

func peakWithin(t *testing.T, process, most int) {
	t.Helper()
	peak := peakOf(t, process)
	t.Logf("a peak of %d MiB", peak/mebibyte)
	if peak > most {
		t.Errorf("a peak of %d MiB, want at most %d", peak/mebibyte, most/mebibyte)
	}
}

// startReceiver runs the program's receiver until the test ends.
func startReceiver(t *testing.T) (url string, process int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), binary, "receive", "--addr", "127.0.0.1:0")
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGKILL)
		_ = cmd.Wait()
	})
	lines := bufio.NewReader(stderr)
	line, err := lines.ReadString('\n')
	found := regexp.MustCompile(`receiving at (http://[^,]+),`).FindStringSubmatch(line)
	if err != nil || found == nil {
		t.Fatalf("it says %q, %v", line, err)
	}
	go func() { _, _ = lines.WriteTo(io.Discard) }()
	return found[1], cmd.Process.Pid
}

// gzipBomb is a text that was compressed.
func gzipBomb(t *testing.T, text string) []byte {
	t.Helper()
	var wire bytes.Buffer
	w := gzip.NewWriter(&wire)
	_, err := io.WriteString(w, text)
	if err != nil || w.Close() != nil {
		t.Fatal(err)
	}
	return wire.Bytes()
}

// postGzip sends a body and takes any answer.
func postGzip(t *testing.T, url string, body []byte) {
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/hook", bytes.NewReader(body))
	if err != nil {
		t.Error(err)
		return
	}
	req.Header.Set("Content-Encoding", "gzip")
	req.Header.Set("Airbyte-Run", "r")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Error(err)
		return
	}
	_ = resp.Body.Close()
}

// peakOf returns the most resident memory that a process had, in bytes.
func peakOf(t *testing.T, process int) (peak int) {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", process))
	if err != nil {
		t.Skipf("no peak can be read here: %v", err)
	}
	for line := range strings.Lines(string(status)) {
		if _, err := fmt.Sscanf(line, "VmHWM: %d kB", &peak); err == nil {
			return peak << 10
		}
	}
	t.Fatal("there is no peak")
	return 0
}
