package config

import (
	"strings"

	"destination-webhook/destination/auth"
	"destination-webhook/destination/redact"
	"destination-webhook/destination/signature"
)

// Authentication is the chosen kind of credentials. Type determines which of the other fields
// count: none, basic (User, Password), bearer (Token), oauth2_client_credentials (TokenURL to
// CACertificate) or aws_sigv4 (the rest).
type Authentication struct {
	Type            auth.Type     `json:"type"`
	User            string        `json:"user"`
	Password        redact.Secret `json:"password"`
	Token           redact.Secret `json:"token"`
	TokenURL        string        `json:"token_url"`
	ClientID        string        `json:"client_id"`
	ClientSecret    redact.Secret `json:"client_secret"`
	Scopes          []string      `json:"scopes"`
	Audience        string        `json:"audience"`
	Style           string        `json:"style"`
	CACertificate   string        `json:"ca_certificate"`
	Service         string        `json:"service"`
	Region          string        `json:"region"`
	AccessKeyID     redact.Secret `json:"access_key_id"`
	SecretAccessKey redact.Secret `json:"secret_access_key"`
	SessionToken    redact.Secret `json:"session_token"`
}

// Chosen reports whether the authentication writes the Authorization header.
func (a Authentication) Chosen() bool { return a.Type != "" && a.Type != auth.None }

func (c *Config) checkAuthentication(problems *problemList) {
	a := c.Authentication
	if a.Chosen() && c.AuthorizationHeader != "" {
		problems.add("authentication.type", "expected none, authorization_header sends the credentials already")
	}
	checkHeaderValue(problems, "authentication.token", a.Token)
	checkHeaderValue(problems, "authentication.session_token", a.SessionToken)
	checkURL(problems, "authentication.token_url", a.TokenURL)
	checkKeys(problems, "authentication", a.AccessKeyID, a.SecretAccessKey)
	checkTLS(problems, func() error { _, err := auth.TokenTLSConfig(a.CACertificate); return err })
	if a.SessionToken != "" && a.AccessKeyID == "" {
		problems.add("authentication.access_key_id", "required along with session_token")
	}
}

// Signing has the keys of the Standard Webhooks signature. Without a Secret requests are not
// signed. The Type is that of Secret; PreviousSecret may be of the other one.
type Signing struct {
	Type           SigningType   `json:"type"`
	Secret         redact.Secret `json:"secret"`
	PreviousSecret redact.Secret `json:"previous_secret"`
}

// Secrets returns what signature.New takes, or nothing if requests are not signed.
func (s Signing) Secrets() []string {
	var secrets []string
	for _, secret := range []redact.Secret{s.Secret, s.PreviousSecret} {
		if secret != "" {
			secrets = append(secrets, secret.Reveal())
		}
	}
	return secrets
}

func (s Signing) check(problems *problemList) {
	if s.Secret == "" && s.PreviousSecret != "" {
		problems.add("signing.secret", "required along with previous_secret, which alone signs nothing")
	}
	checkSigningSecret(problems, "signing.secret", s.Secret)
	checkSigningSecret(problems, "signing.previous_secret", s.PreviousSecret)
	s.checkType(problems)
	if s.Secret != "" && s.Secret == s.PreviousSecret {
		problems.add("signing.previous_secret", "expected another secret than the one that replaces it")
	}
}

func checkSigningSecret(problems *problemList, field string, secret redact.Secret) {
	if secret == "" {
		return
	}
	if _, err := signature.New(secret.Reveal()); err != nil {
		problems.add(field, "expected whsec_ and base64 (openssl rand -base64 32 makes some), or whsk_ and an Ed25519 private key "+
			"(destination-webhook keys makes one)")
	}
}

// checkType requires that the secret is of the chosen scheme: a private key must not be mistaken
// for a secret that the endpoint may have.
func (s Signing) checkType(problems *problemList) {
	private := strings.HasPrefix(s.Secret.Reveal(), signature.PrivatePrefix)
	switch {
	case s.Secret == "":
	case s.Type == Ed25519 && !private:
		problems.add("signing.secret", "expected a private key, whsk_, for ed25519 (destination-webhook keys makes one)")
	case s.Type != Ed25519 && private:
		problems.add("signing.type", "expected ed25519, since signing.secret is a private key")
	}
}

// TLS has the settings of connections to the endpoint. Certificates and keys are PEM texts.
type TLS struct {
	CACertificate      string        `json:"ca_certificate"`
	ClientCertificate  string        `json:"client_certificate"`
	ClientKey          redact.Secret `json:"client_key"`
	MinVersion         string        `json:"min_version"`
	ServerName         string        `json:"server_name"`
	InsecureSkipVerify bool          `json:"insecure_skip_verify"`
}

func (t TLS) check(problems *problemList) {
	checkTLS(problems, func() error { _, err := auth.TLSConfig(auth.TLSOptions(t)); return err })
}

// checkTLS leaves the judgement to auth, whose errors begin with the field.
func checkTLS(problems *problemList, judge func() error) {
	if err := judge(); err != nil {
		field, problem, _ := strings.Cut(err.Error(), ": ")
		problems.add(field, problem)
	}
}
