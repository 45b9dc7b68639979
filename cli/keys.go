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
JSON Web Key Set: with it an endpoint can verify requests, and cannot sign any. During a rotation the set holds the new and
the old key: give both private keys on stdin, with white space between them.`,
		Example: `  destination-webhook keys
  echo whsk_… | destination-webhook keys --of-private-key
  echo "$NEW_KEY $OLD_KEY" | destination-webhook keys --of-private-key`,
	}
	cmd.Flags().BoolVar(&of, "of-private-key", false, "read private keys (whsk_…) on stdin, and print what belongs to them")
	cmd.RunE = c.run(func(context.Context) error {
		makePairs := newPair
		if of {
			makePairs = c.pairsOnStdin
		}
		return c.complain(c.printPairs(makePairs))
	})
	return cmd
}

func newPair() ([]signature.Pair, error) {
	pair, err := signature.NewPair()
	return []signature.Pair{pair}, err
}

// maxKeys is more than the private keys of any rotation have, in bytes.
const maxKeys = 4 << 10

func (c *commands) pairsOnStdin() ([]signature.Pair, error) {
	text, err := io.ReadAll(io.LimitReader(c.process.Stdin, maxKeys))
	if err != nil {
		return nil, fmt.Errorf("reading a private key on stdin: %w", err)
	}
	var pairs []signature.Pair
	for _, private := range strings.Fields(string(text)) {
		pair, err := signature.PairOf(private)
		if err != nil {
			return nil, err
		}
		pairs = append(pairs, pair)
	}
	if len(pairs) == 0 {
		return nil, errors.New("there is no private key on stdin")
	}
	return pairs, nil
}

func (c *commands) printPairs(makePairs func() ([]signature.Pair, error)) error {
	pairs, err := makePairs()
	if err != nil {
		return err
	}
	set, err := signature.JWKS(pairs...)
	if err != nil {
		return err
	}
	for _, p := range pairs {
		if _, err := fmt.Fprintf(c.process.Stdout, "private %s\npublic  %s\n", p.Private, p.Public); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintf(c.process.Stdout, "JWKS    %s\n", set)
	return err
}
