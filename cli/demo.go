package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/spf13/cobra"

	"destination-webhook/destination/jsonschema"
	"destination-webhook/receiver"
	"destination-webhook/sample"
)

// demoFaults make the demo's endpoint fail now and then, so that there is a retry to see.
const demoFaults = "status=503 every=4 latency=50ms"

// demo runs a sync of the sample into a receiver of its own.
func (c *commands) demo() *cobra.Command {
	var listening listenFlags
	var keep bool
	o := receiver.Options{SigningSecrets: []string{sample.SigningSecret}}
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Sync a sample into a local receiver, with a page to watch it",
		Long: `Sync a sample into a receiver of its own, with a page to watch it: no config, no endpoint and no
source are needed.`,
		Example: `  destination-webhook demo --keep`,
		Args:    noArgs,
	}
	cmd.Flags().BoolVar(&keep, "keep", false, "leave the receiver and its page up until Ctrl-C")
	listening.add(cmd)
	cmd.RunE = c.run(func(ctx context.Context) error {
		ctx, stop := untilSignal(ctx)
		defer stop()
		return c.complain(c.showDemo(ctx, listening, keep, o))
	})
	return cmd
}

func (c *commands) showDemo(ctx context.Context, l listenFlags, keep bool, o receiver.Options) (err error) {
	if o.Faults, err = receiver.ParseFaults(demoFaults); err != nil {
		return err
	}
	if o.Schema, err = jsonschema.Compile(sample.Schema); err != nil {
		return err
	}
	server, err := c.listen(ctx, l, o)
	if err != nil {
		return err
	}
	defer func() { _ = server.Close() }()
	c.say("An endpoint listens at %s and shows what arrives at %s", server.URL(), server.PageURL())
	c.say("Every fourth request is answered with 503, so that there is a retry to see.\n")
	var output bytes.Buffer
	if err := c.syncSample(ctx, server.URL(), &output); err != nil {
		return err
	}
	totals := server.Totals()
	c.say("\nThe endpoint took %d rows in %d requests, %d of them failed on purpose:", totals.Rows, totals.Requests, totals.Failed)
	for _, s := range totals.Streams {
		c.say("  %-9s  %4d added  %4d changed  %4d removed  %4d of unknown operation", s.Stream,
			s.Operations["added"], s.Operations["changed"], s.Operations["removed"], s.Operations[""])
	}
	compared, err := server.Claim(&output)
	if err != nil {
		return err
	}
	if compared.Equal {
		c.say("The %d states of the sync claim the same, apart from removals.", compared.States)
	}
	if !keep {
		c.say("To look at them in the browser: destination-webhook demo --keep")
		return nil
	}
	c.say("The page stays up at %s until Ctrl-C.", server.PageURL())
	<-ctx.Done()
	return nil
}

// syncSample runs write on the sample and shows its messages as a person would want to read them.
// output gets them as they are.
func (c *commands) syncSample(ctx context.Context, url string, output io.Writer) error {
	snapshot, err := os.MkdirTemp("", "destination-webhook-demo-")
	if err != nil {
		c.say("There is no temporary folder for a snapshot, so added and changed rows are not told apart.\n")
	}
	defer func() { _ = os.RemoveAll(snapshot) }()
	config, err := demoConfig(url, snapshot)
	if err != nil {
		return err
	}
	view := &view{raw: output, text: c.process.Stderr, all: true, now: time.Now}
	program := c.program(view)
	program.Stdin = bytes.NewReader(sample.Records)
	program.ReadFile = func(path string) ([]byte, error) {
		text, found := map[string][]byte{"config.json": config, "catalog.json": sample.Catalog}[path]
		if !found {
			return nil, fs.ErrNotExist
		}
		return text, nil
	}
	return program.Write(ctx, "config.json", "catalog.json")
}

// demoConfig is the sample's config for this endpoint, with a snapshot in the folder if there is
// one.
func demoConfig(url, snapshot string) ([]byte, error) {
	var config map[string]any
	if err := json.Unmarshal(sample.Config, &config); err != nil {
		return nil, err
	}
	config["url"] = url + "/hook"
	if snapshot != "" {
		config["snapshot"] = map[string]any{"type": "local", "path": snapshot}
	}
	return json.Marshal(config)
}

func (c *commands) say(format string, args ...any) {
	_, _ = fmt.Fprintf(c.process.Stderr, format+"\n", args...)
}
