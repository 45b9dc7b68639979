package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"destination-webhook/destination/signature"
)

// keys makes the keys of asymmetric signatures.
func (c *commands) keys() *cobra.Command {
	var of bool
	cmd := &cobra.Command{
		Use: "keys", Short: "Make a key pair for signatures: one key for the config, one for the endpoint", Args: noArgs,
		Long: `Make an Ed25519 key pair for signatures.

The private key goes into signing.secret, with signing.type ed25519. The public key goes to the endpoint, as it is or as a
JSON Web Key Set: with it an endpoint can verify requests, and cannot sign any.`,
		Example: `  destination-webhook keys
  echo whsk_… | destination-webhook keys --of-private-key`,
	}
	cmd.Flags().BoolVar(&of, "of-private-key", false, "read a private key (whsk_…) on stdin, and print what belongs to it")
	cmd.RunE = c.run(func(context.Context) error {
		makePair := signature.NewPair
		if of {
			makePair = c.pairOnStdin
		}
		return c.complain(c.printPair(makePair))
	})
	return cmd
}

// maxKey is more than any private key has, in bytes.
const maxKey = 4 << 10

func (c *commands) pairOnStdin() (signature.Pair, error) {
	text, err := io.ReadAll(io.LimitReader(c.process.Stdin, maxKey))
	if err != nil {
		return signature.Pair{}, fmt.Errorf("reading a private key on stdin: %w", err)
	}
	if len(strings.TrimSpace(string(text))) == 0 {
		return signature.Pair{}, errors.New("there is no private key on stdin")
	}
	return signature.PairOf(strings.TrimSpace(string(text)))
}

func (c *commands) printPair(makePair func() (signature.Pair, error)) error {
	pair, err := makePair()
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(c.process.Stdout, "private %s\npublic  %s\nJWKS    %s\n", pair.Private, pair.Public, pair.JWKS)
	return err
}
