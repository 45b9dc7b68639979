// Destination-webhook is an Airbyte destination that delivers records to an HTTP endpoint in batches.
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

// version is set when the program is linked.
var version = "dev"

func main() {
	// net/http logs what an endpoint sends unasked on an idle connection: that is text of a stranger, and no message of ours.
	log.SetOutput(io.Discard)
	// With SIGPIPE ignored a closed stdout is an error of the write, which is ours to report; else it kills the process.
	signal.Ignore(syscall.SIGPIPE)
	// Snapshots and dead letters hold rows: whatever a library writes is for the user we run as, in an open folder too.
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

// die ends the process by the signal that asked for it, so that its parent sees why. As the first process of a container
// it cannot: the kernel keeps signals without a handler from that one, and it returns.
func die(s os.Signal) {
	signal.Reset(s)
	if self, err := os.FindProcess(os.Getpid()); err == nil && self.Signal(s) == nil {
		time.Sleep(time.Second)
	}
}
