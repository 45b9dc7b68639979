package cli

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"destination-webhook/receiver"
	"destination-webhook/sample"
)

// demoFaults make the demo's endpoint fail now and then, so that there is a retry to see.
const demoFaults = "status=503 every=4 latency=50ms"

// demo runs a sync of the sample into a receiver of its own.
func (c *commands) demo() *cobra.Command {
	var addr string
	var keep bool
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Sync a sample into a local receiver, with a page to watch it",
		Args:  noArgs,
	}
	cmd.Flags().StringVar(&addr, "addr", "127.0.0.1:8080", "address of the receiver")
	cmd.Flags().BoolVar(&keep, "keep", false, "leave the receiver and its page up until Ctrl-C")
	cmd.RunE = c.run(func(ctx context.Context) error {
		ctx, stop := untilSignal(ctx)
		defer stop()
		err := c.complain(c.showDemo(ctx, addr, keep))
		return err
	})
	return cmd
}

func (c *commands) showDemo(ctx context.Context, addr string, keep bool) error {
	faults, err := receiver.ParseFaults(demoFaults)
	if err != nil {
		return err
	}
	server, err := receiver.Listen(ctx, addr, receiver.Options{Faults: faults, SigningSecrets: []string{sample.SigningSecret}})
	if err != nil {
		return fmt.Errorf("%w; another address: --addr 127.0.0.1:0", err)
	}
	defer func() { _ = server.Close() }()
	c.say("An endpoint listens at %s and shows what arrives at %s", server.URL(), server.PageURL())
	c.say("Every fourth request is answered with 503, so that there is a retry to see.\n")
	if err := c.syncSample(ctx, server.URL()); err != nil {
		return err
	}
	totals := server.Totals()
	c.say("\nThe endpoint took %d rows in %d requests, %d of them failed on purpose.", totals.Rows, totals.Requests, totals.Failed)
	if !keep {
		c.say("To look at them in the browser: destination-webhook demo --keep")
		return nil
	}
	c.say("The page stays up at %s until Ctrl-C.", server.PageURL())
	<-ctx.Done()
	return nil
}

// syncSample runs write on the sample and shows its messages as a person would want to read them.
func (c *commands) syncSample(ctx context.Context, url string) error {
	dir, err := os.MkdirTemp("", "destination-webhook-demo-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	config, catalog := filepath.Join(dir, "config.json"), filepath.Join(dir, "catalog.json")
	text := bytes.Replace(sample.Config, []byte("http://127.0.0.1:8080"), []byte(url), 1)
	if err := errors.Join(os.WriteFile(config, text, 0o600), os.WriteFile(catalog, sample.Catalog, 0o600)); err != nil {
		return err
	}
	messages, out := io.Pipe()
	shown := make(chan struct{})
	go func() {
		defer close(shown)
		c.show(messages)
	}()
	program := c.program()
	program.Stdin, program.Stdout, program.Terminal = bytes.NewReader(sample.Records), out, nil
	err = program.Write(ctx, config, catalog)
	_ = out.Close()
	<-shown
	return err
}

// show prints protocol messages as plain lines.
func (c *commands) show(messages io.Reader) {
	lines := bufio.NewScanner(messages)
	for lines.Scan() {
		var m struct {
			Type  string
			Log   struct{ Level, Message string }
			State struct {
				Stream struct {
					Descriptor struct{ Name string } `json:"stream_descriptor"`
				}
				DestinationStats struct{ RecordCount float64 }
			}
		}
		if json.Unmarshal(lines.Bytes(), &m) != nil {
			continue
		}
		switch m.Type {
		case "LOG":
			c.say("%-5s  %s", m.Log.Level, m.Log.Message)
		case "STATE":
			c.say("STATE  %s: %.0f more rows are confirmed", m.State.Stream.Descriptor.Name, m.State.DestinationStats.RecordCount)
		}
	}
	_, _ = io.Copy(io.Discard, messages) // a line too long to show must not stop the sync
}

func (c *commands) say(format string, args ...any) {
	_, _ = fmt.Fprintf(c.process.Stderr, format+"\n", args...)
}
