package auth

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"

	"destination-webhook/destination/redact"

	_ "golang.org/x/crypto/x509roots/fallback" // roots for an image that has none
)

// TLSOptions are the config's TLS settings. Certificates and keys are PEM texts, not paths.
type TLSOptions struct {
	CACertificate      string // trusted in addition to the system's roots
	ClientCertificate  string // with its chain, own certificate first
	ClientKey          redact.Secret
	MinVersion         string // "1.2" (the default) or "1.3"
	ServerName         string // the name that the certificate must have; empty: the URL's
	InsecureSkipVerify bool
}

// TLSConfig returns the settings for [net/http.Transport]. Each error names the field at fault and
// shows none of its content.
func TLSConfig(o TLSOptions) (*tls.Config, error) {
	version, err := minVersion(o.MinVersion)
	if err != nil {
		return nil, err
	}
	config := &tls.Config{
		MinVersion:         version,
		ServerName:         o.ServerName,
		InsecureSkipVerify: o.InsecureSkipVerify, // the user's explicit choice
	}
	if config.RootCAs, err = rootCAs("tls.ca_certificate", o.CACertificate); err != nil {
		return nil, err
	}
	if config.Certificates, err = clientCertificates(o); err != nil {
		return nil, err
	}
	return config, nil
}

// TokenTLSConfig returns the settings for token requests. The only one that can be configured is
// caCertificate, trusted in addition to the system's roots.
func TokenTLSConfig(caCertificate string) (*tls.Config, error) {
	roots, err := rootCAs("authentication.ca_certificate", caCertificate)
	if err != nil {
		return nil, err
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots}, nil
}

func minVersion(version string) (uint16, error) {
	switch version {
	case "", "1.2":
		return tls.VersionTLS12, nil
	case "1.3":
		return tls.VersionTLS13, nil
	}
	return 0, fmt.Errorf(`tls.min_version: want "1.2" or "1.3", not %q`, version)
}

// rootCAs returns nil, which means the system's roots, if text adds none.
func rootCAs(field, text string) (*x509.CertPool, error) {
	if text == "" {
		return nil, nil
	}
	certificates, err := parseCertificates(field, text)
	if err != nil {
		return nil, err
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		return nil, fmt.Errorf("reading the system's certificates: %w", err)
	}
	for _, certificate := range certificates {
		pool.AddCert(certificate)
	}
	return pool, nil
}

// parseCertificates is stricter than x509.CertPool.AppendCertsFromPEM, which skips what it cannot
// parse: half a chain would fail later, with a less helpful message.
func parseCertificates(field, text string) ([]*x509.Certificate, error) {
	var certificates []*x509.Certificate
	rest := []byte(text)
	for {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		if block.Type != "CERTIFICATE" {
			return nil, fmt.Errorf("%s: want certificates only, found a block %q", field, block.Type)
		}
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("%s: certificate %d cannot be read: %w", field, len(certificates)+1, err)
		}
		certificates = append(certificates, certificate)
	}
	if len(certificates) == 0 || strings.Contains(string(rest), "-----BEGIN") {
		return nil, fmt.Errorf("%s: is not PEM: paste it with its BEGIN and END lines and its line breaks", field)
	}
	return certificates, nil
}

func clientCertificates(o TLSOptions) ([]tls.Certificate, error) {
	switch {
	case o.ClientCertificate == "" && o.ClientKey == "":
		return nil, nil
	case o.ClientCertificate == "":
		return nil, errors.New("tls.client_certificate: is missing, tls.client_key is set")
	case o.ClientKey == "":
		return nil, errors.New("tls.client_key: is missing, tls.client_certificate is set")
	}
	if _, err := parseCertificates("tls.client_certificate", o.ClientCertificate); err != nil {
		return nil, err
	}
	if err := checkKey(o.ClientKey.Reveal()); err != nil {
		return nil, err
	}
	pair, err := tls.X509KeyPair([]byte(o.ClientCertificate), []byte(o.ClientKey.Reveal()))
	if err != nil {
		return nil, errors.New("tls.client_key: cannot be read, or is not the key of the first certificate in tls.client_certificate")
	}
	return []tls.Certificate{pair}, nil
}

func checkKey(text string) error {
	for rest := []byte(text); ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			return errors.New("tls.client_key: is not a PEM private key: paste it with its BEGIN and END lines and its line breaks")
		}
		if block.Type == "ENCRYPTED PRIVATE KEY" || block.Headers["DEK-Info"] != "" {
			return errors.New("tls.client_key: is encrypted: paste it without a passphrase")
		}
		if strings.HasSuffix(block.Type, "PRIVATE KEY") {
			return nil
		}
	}
}
