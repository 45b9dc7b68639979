// Package buckettest runs a real S3 server on the loopback for tests.
package buckettest

import (
	"context"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"destination-webhook/destination/bucket"
	"destination-webhook/destination/loopbacktest"
)

// install is the command that makes these tests run instead of being skipped.
const install = "go install -modfile=tools/go.mod github.com/versity/versitygw/cmd/versitygw"

const (
	accessKey = "loopback-access"
	secretKey = "loopback-secret-key"
	name      = "rows"
)

// Start runs a server with one empty bucket until the test ends, and returns the options that reach
// it. If no server is installed, it skips the test.
func Start(t testing.TB) bucket.Options {
	t.Helper()
	program := find()
	if program == "" {
		t.Skip("no S3 server is installed: " + install)
	}
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
		t.Fatal(err)
	}
	address := loopbacktest.FreeAddress(t).String()
	// The test's own context ends before its cleanups, which may still need the server.
	ctx, stop := context.WithCancel(context.Background())
	server := exec.CommandContext(ctx, program, "--quiet", "--port", address, "--access", accessKey, "--secret", secretKey, "posix", dir)
	if err := server.Start(); err != nil {
		stop()
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stop()
		_ = server.Wait() // it was killed
	})
	await(t, address)
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return bucket.Options{
		Endpoint: "http://" + address, Region: "us-east-1", Bucket: name,
		AccessKeyID: accessKey, SecretAccessKey: secretKey, Transport: transport,
	}
}

func find() string {
	if program, err := exec.LookPath("versitygw"); err == nil {
		return program
	}
	folders := []string{os.Getenv("GOBIN"), filepath.Join(os.Getenv("GOPATH"), "bin")}
	if home, err := os.UserHomeDir(); err == nil {
		folders = append(folders, filepath.Join(home, "go", "bin"))
	}
	for _, folder := range folders {
		program := filepath.Join(folder, "versitygw")
		if info, err := os.Stat(program); filepath.IsAbs(program) && err == nil && info.Mode().IsRegular() {
			return program
		}
	}
	return ""
}

// await returns when the server accepts connections. Its process is not ours, so there is only
// asking.
func await(t testing.TB, address string) {
	t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for {
		conn, err := net.Dial("tcp", address)
		if err == nil {
			_ = conn.Close()
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("the S3 server does not answer: %v", err)
		}
		time.Sleep(10 * time.Millisecond)
	}
}
