// Destination-webhook is an Airbyte destination that delivers records to an HTTP endpoint in
// batches.
package main

import (
	"context"
	_ "embed"
	"io"
	"log"
	"os"
	"os/signal"
	"syscall"
	"time"

	"destination-webhook/cli"
)

//go:embed spec.json
var spec []byte

// version is that of metadata.yaml. A build of another one sets it when the program is linked.
var version = "0.2.0"

func main() {
	// net/http logs what an endpoint sends on an idle connection, which is foreign text and not a
	// message of this program.
	log.SetOutput(io.Discard)
	// With SIGPIPE ignored, a closed stdout is an error of the write, which is reported. Otherwise
	// it kills the process.
	signal.Ignore(syscall.SIGPIPE)
	// Snapshots and dead letters contain rows: only the user who runs the program may read them,
	// even in an open folder.
	syscall.Umask(0o077)
	outcome := cli.Run(context.Background(), cli.Process{
		Args: os.Args[1:], Spec: spec, Version: version,
		Stdin: os.Stdin, Stdout: stdout(), Stderr: os.Stderr, Getenv: os.Getenv,
	})
	if outcome.Signal != nil {
		die(outcome.Signal)
	}
	os.Exit(outcome.Code)
}

// die ends the process by the signal that asked for it, so that its parent sees why. It returns if
// the process is the first of a container, as the kernel does not deliver signals without a handler
// to that one.
func die(s os.Signal) {
	signal.Reset(s)
	if self, err := os.FindProcess(os.Getpid()); err == nil && self.Signal(s) == nil {
		time.Sleep(time.Second)
	}
}
