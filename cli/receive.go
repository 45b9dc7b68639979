package cli

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"runtime/debug"
	"syscall"

	"github.com/spf13/cobra"

	"destination-webhook/destination/jsonschema"
	"destination-webhook/receiver"
	"destination-webhook/receiver/faults"
	"destination-webhook/receiver/relay"
	"destination-webhook/receiver/store"
)

// receive is the other end of the wire, for trying a sync out.
func (c *commands) receive() *cobra.Command {
	var files receiveFiles
	var listening listenFlags
	var secrets secretFlags
	var o receiver.Options
	cmd := &cobra.Command{
		Use:   "receive [--addr 127.0.0.1:8080]",
		Short: "Run a local endpoint that shows what arrives and answers as told",
		Long: `Run the endpoint of a sync, and show what arrives on stderr and on a page. The flags of faults make it
answer with a status, late, with rejected rows, or not at all.`,
		Example: `  destination-webhook receive --signing-secret whsec_c2FtcGxlLXNlY3JldC1mb3ItdGhlLWRlbW8tb25seQ==    # the sample's
  destination-webhook receive --status 503 --every 4`,
		Args: noArgs,
	}
	flags := cmd.Flags()
	listening.add(cmd)
	secrets.add(cmd)
	flags.StringVar(&files.rows, "rows", "", "append every accepted row to this file, as NDJSON")
	flags.IntVar(&o.KeepRequests, "keep-requests", receiver.DefaultKeepRequests, "show this many of the last requests")
	flags.Int64Var(&o.KeepBytes, "keep-bytes", receiver.DefaultKeepBytes, "memory for them, in bytes; the oldest go first")
	flags.Int64Var(&o.MaxBody, "max-body", receiver.DefaultMaxBody, "the largest body to read, in uncompressed bytes; larger ones get 413")
	flags.StringVar(&files.store, "store", "", "keep what came in this file over a restart, within twice --keep-bytes and without credentials")
	flags.StringVar(&files.schema, "schema", "", "validate the data of rows against the JSON Schema in this file, and reject the rows that do not fit")
	flags.StringVar(&files.script, "script", "", "answer by the steps in this file: status, body, delay or reset for the n-th request, a stream or a key")
	flags.StringVar(&files.forward, "forward", "", "pass requests on to this URL of this machine, and answer as it does")
	flags.BoolVar(&files.remote, "forward-remote", false, "let --forward lead to another machine")
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
		return c.complain(c.serve(ctx, listening, secrets, files, o))
	})
	return cmd
}

// receiveFiles are files and addresses that a receiver reads or writes.
type receiveFiles struct {
	rows, store, script, forward, schema string
	remote                               bool
}

// openStore opens the file, and takes what is in it into the options.
func openStore(path string, o *receiver.Options) error {
	file, err := appendPrivateFile(path)
	if err != nil {
		return fmt.Errorf("opening the store: %w", err)
	}
	o.Store, o.Stored, err = store.Open(file, o.KeepRequests, 2*o.KeepBytes)
	return err
}

// maxSettings is more than a script or a schema needs, in bytes.
const maxSettings = 4 << 20

// readSettings reads a small file. A pipe that nobody writes into would hold up the start for ever.
func readSettings(path string) ([]byte, error) {
	switch info, err := os.Stat(path); {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, notAFile(path)
	case info.Size() > maxSettings:
		return nil, fmt.Errorf("%s has more than %d MiB", path, maxSettings>>20)
	}
	return os.ReadFile(path)
}

// openSchema reads the file of a schema.
func openSchema(path string, o *receiver.Options) error {
	text, err := readSettings(path)
	if err == nil {
		o.Schema, err = jsonschema.Compile(text)
	}
	if err != nil {
		return fmt.Errorf("reading the schema: %w", err)
	}
	return nil
}

func (f receiveFiles) open(secrets []string) (script *faults.Script, target *relay.Relay, err error) {
	if f.script != "" {
		text, err := readSettings(f.script)
		if err != nil {
			return nil, nil, fmt.Errorf("reading the script: %w", err)
		}
		if script, err = faults.ParseScript(text); err != nil {
			return nil, nil, err
		}
	}
	if f.forward != "" {
		target, err = relay.New(f.forward, f.remote, secrets)
	}
	return script, target, err
}

func (c *commands) serve(ctx context.Context, l listenFlags, secrets secretFlags, files receiveFiles, o receiver.Options) (err error) {
	if o.SigningSecrets, err = c.readSecrets(secrets.flags, secrets.file); err != nil {
		return err
	}
	if o.Script, o.Forward, err = files.open(o.SigningSecrets); err != nil {
		return err
	}
	if files.schema != "" {
		if err := openSchema(files.schema, &o); err != nil {
			return err
		}
	}
	if files.rows != "" {
		file, err := appendPrivate(files.rows)
		if err != nil {
			return fmt.Errorf("opening the file for rows: %w", err)
		}
		defer func() { _ = file.Close() }()
		o.Rows = file
	}
	if files.store != "" {
		if err := openStore(files.store, &o); err != nil {
			return err
		}
		defer func() { _ = o.Store.Close() }()
	}
	defer boundMemory(o.Memory())()
	server, err := c.listen(ctx, l, o)
	if err != nil {
		return err
	}
	c.say("receiving at %s, shown at %s, stop with Ctrl-C", server.URL(), server.PageURL())
	if o.Forward != nil {
		c.say("forwarding to %s", o.Forward.Target())
	}
	<-ctx.Done()
	return server.Close()
}

// listenFlags say where a receiver listens and who may look at its page.
type listenFlags struct {
	addr             address
	token, tokenFile string
	allowRemote      bool
}

func (l *listenFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	l.addr = "127.0.0.1:8080"
	flags.Var(&l.addr, "addr", "address to listen on; port 0 means a free one")
	flags.BoolVar(&l.allowRemote, "allow-remote", false, "listen on an address that others can reach; the page then asks for a token")
	flags.StringVar(&l.token, "token", "", "the token that the page asks for, at least 16 characters, 8 of them different; generated if empty. Other users can see arguments: prefer --token-file or "+envToken)
	flags.StringVar(&l.tokenFile, "token-file", "", "read the token from this file")
}

// secretFlags say with which secrets signatures are made or verified.
type secretFlags struct {
	flags []string
	file  string
}

func (s *secretFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringArrayVar(&s.flags, "signing-secret", nil, "the secret (whsec_…) or public key (whpk_…) of signatures; repeat it for a rotation. Other users can see arguments: prefer --signing-secret-file or "+envSecrets)
	flags.StringVar(&s.file, "signing-secret-file", "", "read the secrets from this file")
}

func (c *commands) listen(ctx context.Context, l listenFlags, o receiver.Options) (*receiver.Server, error) {
	token, err := c.readToken(l.token, l.tokenFile)
	if err != nil {
		return nil, err
	}
	o.AllowRemote, o.Token = l.allowRemote, token
	server, err := receiver.Listen(ctx, string(l.addr), o)
	if errors.Is(err, syscall.EADDRINUSE) {
		err = fmt.Errorf("%w; a free one: --addr 127.0.0.1:0", err)
	}
	return server, err
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

// boundMemory makes the garbage collector work harder as the process approaches a limit. GOMEMLIMIT
// in the environment takes precedence. The caller has to call undo at the end.
func boundMemory(limit int64) (undo func()) {
	before := debug.SetMemoryLimit(-1)
	if before == math.MaxInt64 {
		debug.SetMemoryLimit(limit)
	}
	return func() { debug.SetMemoryLimit(before) }
}
