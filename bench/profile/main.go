// Profile is the program with a CPU profile of its run: go run ./bench/profile FILE write --config
// … --catalog … < input
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"runtime/pprof"
	"syscall"

	"destination-webhook/cli"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "profile:", err)
		os.Exit(1) //nolint:forbidigo // this is main
	}
}

func run() error {
	if len(os.Args) < 2 {
		return fmt.Errorf("give a file for the profile, then the program's arguments")
	}
	spec, err := os.ReadFile("spec.json")
	if err != nil {
		return err
	}
	file, err := os.Create(os.Args[1])
	if err != nil {
		return err
	}
	if err := pprof.StartCPUProfile(file); err != nil {
		return err
	}
	signal.Ignore(syscall.SIGPIPE)
	outcome := cli.Run(context.Background(), cli.Process{
		Args: os.Args[2:], Spec: spec, Version: "profile", Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Getenv: os.Getenv,
	})
	pprof.StopCPUProfile()
	if err := file.Close(); err != nil {
		return err
	}
	if outcome.Code != 0 {
		return fmt.Errorf("the program ended with %d", outcome.Code)
	}
	return nil
}
