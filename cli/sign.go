package cli

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"destination-webhook/destination/signature"
)

// signatureTolerance is what the libraries of Standard Webhooks allow.
const signatureTolerance = 5 * time.Minute

// sign prints the headers that sign a body, for curl -H @-.
func (c *commands) sign() *cobra.Command {
	var secrets secretFlags
	var id string
	var timestamp int64
	cmd := &cobra.Command{
		Use: "sign [FILE]", Short: "Print the headers that sign a body, for curl", Args: oneFile,
		Long: `Print the headers that sign a body by Standard Webhooks. The body is a file, or what is on stdin.`,
		Example: `  export WEBHOOK_SECRET=whsec_…
  destination-webhook sign rows.json | curl http://127.0.0.1:8080/ -H @- --data-binary @rows.json`,
	}
	secrets.add(cmd)
	cmd.Flags().StringVar(&id, "id", "", "the Webhook-Id; generated if empty")
	cmd.Flags().Int64Var(&timestamp, "timestamp", 0, "when it is signed, in seconds since 1970; 0 means now")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return c.run(func(context.Context) error {
			at := time.Now()
			if timestamp != 0 {
				at = time.Unix(timestamp, 0)
			}
			return c.complain(c.printSignature(args, secrets, id, at))
		})(cmd, args)
	}
	return cmd
}

func (c *commands) printSignature(args []string, from secretFlags, id string, at time.Time) error {
	secrets, err := c.readSecrets(from.flags, from.file)
	if err != nil {
		return err
	}
	signer, err := signature.New(secrets...)
	if err != nil {
		return fmt.Errorf("signing: %w", err)
	}
	body, err := c.readBody(args)
	if err != nil {
		return err
	}
	if id == "" {
		id = "msg_" + rand.Text()
	}
	_, err = fmt.Fprintf(c.process.Stdout, "%s: %s\n%s: %s\n%s: %s\n", signature.HeaderID, id,
		signature.HeaderTimestamp, signature.Timestamp(at), signature.HeaderSignature, signer.Sign(id, at, body))
	return err
}

// verify reports whether a body was signed, or why its signature is not valid.
func (c *commands) verify() *cobra.Command {
	var secrets secretFlags
	var id, timestamp, header string
	var tolerance time.Duration
	cmd := &cobra.Command{
		Use: "verify --id ID --timestamp SECONDS --signature v1,… [FILE]", Short: "Verify the signature of a body, and say why it is not valid", Args: oneFile,
		Long: `Verify the signature of a body by Standard Webhooks. The body is a file, or what is on stdin: the bytes that arrived,
decompressed and otherwise unchanged. Exit code 1 means that the signature is not valid.`,
		Example: `  export WEBHOOK_SECRET=whsec_…
  destination-webhook verify --id msg_1 --timestamp 1767225600 --signature v1,… body.json`,
	}
	secrets.add(cmd)
	flags := cmd.Flags()
	flags.StringVar(&id, "id", "", "the Webhook-Id header")
	flags.StringVar(&timestamp, "timestamp", "", "the Webhook-Timestamp header")
	flags.StringVar(&header, "signature", "", "the Webhook-Signature header")
	flags.DurationVar(&tolerance, "tolerance", signatureTolerance, "how far the timestamp may be from now; 0 means any distance")
	require(cmd, "id", "timestamp", "signature")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return c.run(func(context.Context) error {
			return c.complain(c.printVerdict(args, secrets, signed{id, timestamp, header, tolerance}))
		})(cmd, args)
	}
	return cmd
}

// signed is what the headers of a request say of its signature.
type signed struct {
	id, timestamp, header string
	tolerance             time.Duration
}

func (c *commands) printVerdict(args []string, from secretFlags, s signed) error {
	secrets, err := c.readSecrets(from.flags, from.file)
	if err != nil {
		return err
	}
	body, err := c.readBody(args)
	if err != nil {
		return err
	}
	now, tolerance := time.Now(), s.tolerance
	if seconds, err := strconv.ParseInt(s.timestamp, 10, 64); err == nil && tolerance == 0 {
		now, tolerance = time.Unix(seconds, 0), time.Second
	}
	if err := signature.Verify(secrets, s.header, s.id, s.timestamp, body, now, tolerance); err != nil {
		return fmt.Errorf("the signature is not valid: %w", err)
	}
	_, err = fmt.Fprintln(c.process.Stdout, "valid")
	return err
}

// oneFile refuses all but the name of one file.
func oneFile(cmd *cobra.Command, args []string) error {
	if len(args) > 1 {
		return noArgs(cmd, args[1:])
	}
	return nil
}

// readBody reads the file that is named, or stdin.
func (c *commands) readBody(args []string) ([]byte, error) {
	if len(args) == 0 || args[0] == "-" {
		body, err := io.ReadAll(c.process.Stdin)
		if err != nil {
			return nil, fmt.Errorf("reading the body on stdin: %w", err)
		}
		return body, nil
	}
	body, err := os.ReadFile(args[0])
	if err != nil {
		return nil, fmt.Errorf("reading the body: %w", err)
	}
	return body, nil
}
