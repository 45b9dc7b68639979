package destination

import (
	"net/url"
	"reflect"
	"slices"
	"strings"

	"destination-webhook/destination/redact"
)

// minToken is the shortest part of a URL that is kept secret by itself.
const minToken = 8

// Secrets returns every value of the config that must not be shown: the secret
// fields, and of each URL what could be a token. Hand them to redact.New.
func (c *Config) Secrets() []string {
	secrets := secretFields(reflect.ValueOf(*c))
	if a := c.Authentication; a.Password != "" { // as Basic has them, so that their base64 is known as a whole
		secrets = append(secrets, a.User+":"+a.Password.Reveal())
	}
	addresses := []string{c.URL, c.DeadLetter.URL, c.Authentication.TokenURL}
	for _, stream := range c.Streams {
		addresses = append(addresses, stream.URL)
	}
	for _, address := range addresses {
		secrets = append(secrets, urlSecrets(address)...)
	}
	return slices.DeleteFunc(secrets, func(secret string) bool { return secret == "" })
}

// secretFields finds every redact.Secret by its type, so that none is forgotten
// when the config grows.
func secretFields(value reflect.Value) (secrets []string) {
	if secret, ok := value.Interface().(redact.Secret); ok {
		return []string{secret.Reveal()}
	}
	switch value.Kind() {
	case reflect.Struct:
		for i := range value.NumField() {
			secrets = append(secrets, secretFields(value.Field(i))...)
		}
	case reflect.Slice:
		for i := range value.Len() {
			secrets = append(secrets, secretFields(value.Index(i))...)
		}
	}
	return secrets
}

// urlSecrets adds the shorter tokens to those of redact.URL. A path segment in
// lower-case letters is left alone if it is short: it is a word, "customers" say,
// and often the name of a stream as well.
func urlSecrets(address string) []string {
	secrets := redact.URL(address)
	u, err := url.Parse(address)
	if err != nil {
		return secrets
	}
	for _, segment := range strings.Split(u.Path, "/") {
		if len(segment) >= minToken && strings.ContainsFunc(segment, digitOrUpper) {
			secrets = append(secrets, segment)
		}
	}
	for _, values := range u.Query() {
		for _, value := range values {
			if len(value) >= minToken {
				secrets = append(secrets, value)
			}
		}
	}
	return secrets
}

func digitOrUpper(r rune) bool { return '0' <= r && r <= '9' || 'A' <= r && r <= 'Z' }
