package limits

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/klauspost/compress/gzip"
)

// Small bodies that unpack to large ones, several at once, do not take more of the receiver than
// docs/receiver.md says.
func TestReceiverOfGzipBombs(t *testing.T) {
	for name, size := range map[string]int{"within the bound": 60 * mebibyte, "beyond it": 120 * mebibyte} {
		t.Run(name, func(t *testing.T) {
			url, process := startReceiver(t)
			bomb := gzipBomb(t, size)
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
			peak := peakOf(t, process)
			t.Logf("a peak of %d MiB", peak/mebibyte)
			if most := 512 * mebibyte; peak > most {
				t.Errorf("a peak of %d MiB, want at most %d", peak/mebibyte, most/mebibyte)
			}
		})
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

// gzipBomb is an envelope without rows that unpacks to a size.
func gzipBomb(t *testing.T, size int) []byte {
	t.Helper()
	var wire bytes.Buffer
	w := gzip.NewWriter(&wire)
	_, err := fmt.Fprintf(w, `{"sync_mode":"insert","rows":[%s]}`, strings.Repeat(" ", size))
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
