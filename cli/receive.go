package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"

	"github.com/spf13/cobra"

	"destination-webhook/destination/printable"
	"destination-webhook/receiver"
)

// receive is the other end of the wire, for trying a sync out.
func (c *commands) receive() *cobra.Command {
	var addr, rows string
	var o receiver.Options
	cmd := &cobra.Command{
		Use:   "receive [--addr 127.0.0.1:8080]",
		Short: "Be the endpoint: show what arrives and answer as told",
		Args:  noArgs,
	}
	flags := cmd.Flags()
	listenFlags(cmd, &addr, &o)
	flags.StringArrayVar(&o.SigningSecrets, "signing-secret", nil, "verify signatures with this secret (whsec_…); repeat it for a rotation")
	flags.StringVar(&rows, "rows", "", "append every accepted row to this file, as NDJSON")
	flags.IntVar(&o.KeepRequests, "keep-requests", receiver.DefaultKeepRequests, "show the last so many requests")
	flags.Int64Var(&o.KeepBytes, "keep-bytes", receiver.DefaultKeepBytes, "memory for them, in bytes; the oldest go first")
	flags.Int64Var(&o.MaxBody, "max-body", receiver.DefaultMaxBody, "read bodies up to so many uncompressed bytes, 413 above")
	for _, s := range o.Faults.Settings() {
		flag := flags.VarPF(&fault{&o.Faults, s.Name, s.Value}, s.Name, "", s.Usage)
		if s.Switch {
			flag.NoOptDefVal = "true"
		}
	}
	cmd.RunE = c.run(func(ctx context.Context) error {
		ctx, stop := untilSignal(ctx)
		defer stop()
		o.Log = c.process.Stderr
		return c.complain(c.serve(ctx, addr, rows, o))
	})
	return cmd
}

func (c *commands) serve(ctx context.Context, addr, rows string, o receiver.Options) error {
	if rows != "" {
		file, err := os.OpenFile(rows, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			return fmt.Errorf("opening the file for rows: %w", err)
		}
		defer func() { _ = file.Close() }()
		o.Rows = file
	}
	server, err := listen(ctx, addr, o)
	if err != nil {
		return err
	}
	c.say("receiving at %s, shown at %s, stop with Ctrl-C", server.URL(), server.PageURL())
	<-ctx.Done()
	return server.Close()
}

// listenFlags say where a receiver listens and who may look at its page.
func listenFlags(cmd *cobra.Command, addr *string, o *receiver.Options) {
	flags := cmd.Flags()
	flags.StringVar(addr, "addr", "127.0.0.1:8080", "address to listen on; port 0 takes a free one")
	flags.BoolVar(&o.AllowRemote, "allow-remote", false, "listen on an address that others can reach; the page asks for a token then")
	flags.StringVar(&o.Token, "token", "", "the token that the page asks for; made up if empty")
}

func listen(ctx context.Context, addr string, o receiver.Options) (*receiver.Server, error) {
	server, err := receiver.Listen(ctx, addr, o)
	if errors.Is(err, syscall.EADDRINUSE) {
		err = fmt.Errorf("%w; a free one: --addr 127.0.0.1:0", err)
	}
	return server, err
}

// complain says on stderr what went wrong: commands for people do not speak the protocol.
func (c *commands) complain(err error) error {
	if err != nil {
		_, _ = fmt.Fprintf(c.process.Stderr, "destination-webhook: %s\n", printable.Text(err.Error()))
	}
	return err
}

// fault is a flag for one setting of a receiver's faults.
type fault struct {
	faults      *receiver.Faults
	name, value string
}

func (f *fault) String() string { return f.value }
func (f *fault) Type() string   { return "value" }

func (f *fault) Set(value string) error {
	f.value = value
	return f.faults.Set(f.name, value)
}
