package auth

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"time"

	"destination-webhook/destination/awsenv"
	"destination-webhook/destination/redact"
	"destination-webhook/destination/trace"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// SigV4Options configure AWS Signature Version 4, for API Gateway ("execute-api"), Lambda function
// URLs ("lambda") and similar services. S3 has its own rules and is not supported.
type SigV4Options struct {
	Service, Region string

	// If both keys are empty, Getenv is asked for AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and
	// AWS_SESSION_TOKEN. Leave it nil if the user is not the operator, whose keys these are.
	AccessKeyID     string
	SecretAccessKey redact.Secret
	SessionToken    redact.Secret
	Getenv          func(string) string
}

// scopePart matches a part of the credential scope, which is sent in a header.
var scopePart = regexp.MustCompile(`^[A-Za-z0-9._-]+$`)

type signing struct {
	base            http.RoundTripper
	service, region string
	credentials     aws.Credentials
	signer          *v4.Signer
}

func newSigV4(base http.RoundTripper, o SigV4Options) (http.RoundTripper, error) {
	if o.Service == "" || o.Region == "" {
		return nil, errors.New("authentication: aws_sigv4 needs service and region")
	}
	credentials, err := awsCredentials(o)
	if err != nil {
		return nil, err
	}
	for _, part := range []string{o.Service, o.Region, credentials.AccessKeyID} {
		if !scopePart.MatchString(part) {
			return nil, errors.New("authentication: service, region and access_key_id of aws_sigv4 are made of letters, digits, dots, dashes and underscores")
		}
	}
	return &signing{base: base, service: o.Service, region: o.Region, credentials: credentials, signer: v4.NewSigner()}, nil
}

func awsCredentials(o SigV4Options) (aws.Credentials, error) {
	if o.AccessKeyID == "" && o.SecretAccessKey == "" {
		keys := awsenv.Read(o.Getenv)
		o.AccessKeyID, o.SecretAccessKey = keys.ID, keys.Secret
		o.SessionToken = cmp.Or(o.SessionToken, keys.Token)
	}
	if o.AccessKeyID == "" || o.SecretAccessKey == "" {
		return aws.Credentials{}, errors.New("authentication: aws_sigv4 needs access_key_id and secret_access_key, in the config or, where this deployment allows it, as AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment")
	}
	return aws.Credentials{
		AccessKeyID:     o.AccessKeyID,
		SecretAccessKey: o.SecretAccessKey.Reveal(),
		SessionToken:    o.SessionToken.Reveal(),
	}, nil
}

func (t *signing) RoundTrip(req *http.Request) (*http.Response, error) {
	signed, err := t.sign(req, time.Now())
	if err != nil {
		closeBody(req)
		return nil, err
	}
	return t.base.RoundTrip(signed)
}

// unsignedHeaders name the trace of a request. What passes a request on may replace them by its own
// span's.
var unsignedHeaders = []string{trace.Parent, trace.State}

// sign returns a signed deep copy of req: the signer sorts the query and writes headers.
func (t *signing) sign(req *http.Request, at time.Time) (*http.Request, error) {
	digest, err := bodyDigest(req)
	if err != nil {
		return nil, err
	}
	signed := req.Clone(req.Context())
	for _, name := range unsignedHeaders {
		signed.Header.Del(name)
	}
	err = t.signer.SignHTTP(req.Context(), t.credentials, signed, digest, t.service, t.region, at)
	if err != nil {
		return nil, fmt.Errorf("signing a request for AWS: %w", err)
	}
	for _, name := range unsignedHeaders {
		if values := req.Header[name]; values != nil {
			signed.Header[name] = values
		}
	}
	return signed, nil
}

// bodyDigest returns the hexadecimal SHA-256 of the bytes that will be sent.
func bodyDigest(req *http.Request) (string, error) {
	hash := sha256.New()
	if req.Body != nil && req.Body != http.NoBody {
		if req.GetBody == nil {
			return "", errors.New("signing a request for AWS: its body cannot be read twice")
		}
		body, err := req.GetBody()
		if err != nil {
			return "", fmt.Errorf("signing a request for AWS: %w", err)
		}
		defer func() { _ = body.Close() }()
		if _, err := io.Copy(hash, body); err != nil {
			return "", fmt.Errorf("signing a request for AWS: %w", err)
		}
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}
