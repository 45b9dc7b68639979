package destination

import (
	"net/http"
	"strings"

	"destination-webhook/destination/auth"
	"destination-webhook/destination/redact"
	"destination-webhook/destination/signature"
)

// AuthenticationConfig is one choice of credentials. Type says which of the other
// fields count: none, basic (User, Password), bearer (Token),
// oauth2_client_credentials (TokenURL to CACertificate) or aws_sigv4 (the rest).
type AuthenticationConfig struct {
	Type            string        `json:"type"`
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

// authOptions are what auth.NewTransport takes. Token requests go through tokens, each
// new token is told to onToken, and AWS keys that are not in the config are
// looked up by getenv, unless it is nil.
func (a AuthenticationConfig) authOptions(
	tokens http.RoundTripper, onToken func(redact.Secret), getenv func(string) string,
) auth.Options {
	return auth.Options{
		Type:     auth.Type(a.Type),
		User:     a.User,
		Password: a.Password,
		Token:    a.Token,
		OAuth2: auth.OAuth2Options{
			TokenURL: a.TokenURL, ClientID: a.ClientID, ClientSecret: a.ClientSecret,
			Scopes: a.Scopes, Audience: a.Audience, Style: a.Style,
			Transport: tokens, OnToken: onToken,
		},
		SigV4: auth.SigV4Options{
			Service: a.Service, Region: a.Region,
			AccessKeyID: a.AccessKeyID.Reveal(), SecretAccessKey: a.SecretAccessKey, SessionToken: a.SessionToken,
			Getenv: getenv,
		},
	}
}

// chosen reports whether the authentication writes the Authorization header.
func (a AuthenticationConfig) chosen() bool { return a.Type != "" && a.Type != "none" }

func (c *Config) checkAuthentication(problems *configProblems) {
	a := c.Authentication
	if a.chosen() && c.AuthorizationHeader != "" {
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

// SigningConfig has the keys of the Standard Webhooks signature. Without a Secret
// requests are not signed.
type SigningConfig struct {
	Secret         redact.Secret `json:"secret"`
	PreviousSecret redact.Secret `json:"previous_secret"`
}

// secrets are what signature.New takes, or none where requests are not signed.
func (s SigningConfig) secrets() []string {
	var secrets []string
	for _, secret := range []redact.Secret{s.Secret, s.PreviousSecret} {
		if secret != "" {
			secrets = append(secrets, secret.Reveal())
		}
	}
	return secrets
}

func (s SigningConfig) check(problems *configProblems) {
	if s.Secret == "" && s.PreviousSecret != "" {
		problems.add("signing.secret", "required along with previous_secret, which alone signs nothing")
	}
	checkSigningSecret(problems, "signing.secret", s.Secret)
	checkSigningSecret(problems, "signing.previous_secret", s.PreviousSecret)
	if s.Secret != "" && s.Secret == s.PreviousSecret {
		problems.add("signing.previous_secret", "expected another secret than the one that replaces it")
	}
}

func checkSigningSecret(problems *configProblems, field string, secret redact.Secret) {
	if secret == "" {
		return
	}
	if _, err := signature.New(secret.Reveal()); err != nil {
		problems.add(field, "expected whsec_ and base64 behind it, openssl rand -base64 32 makes some")
	}
}

// TLSConfig is what connections to the endpoint are made with. Certificates and
// keys are PEM texts.
type TLSConfig struct {
	CACertificate      string        `json:"ca_certificate"`
	ClientCertificate  string        `json:"client_certificate"`
	ClientKey          redact.Secret `json:"client_key"`
	MinVersion         string        `json:"min_version"`
	ServerName         string        `json:"server_name"`
	InsecureSkipVerify bool          `json:"insecure_skip_verify"`
}

func (t TLSConfig) check(problems *configProblems) {
	checkTLS(problems, func() error { _, err := auth.TLSConfig(auth.TLSOptions(t)); return err })
}

// checkTLS leaves the judgement to auth, whose errors begin with the field.
func checkTLS(problems *configProblems, judge func() error) {
	if err := judge(); err != nil {
		field, problem, _ := strings.Cut(err.Error(), ": ")
		problems.add(field, problem)
	}
}
