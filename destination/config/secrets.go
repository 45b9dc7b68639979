package config

import (
	"net/url"
	"reflect"
	"slices"
	"strings"

	"destination-webhook/destination/auth"
	"destination-webhook/destination/redact"
	"destination-webhook/destination/urltemplate"
)

// Secrets returns every value of the config that must not be shown: the secret fields, credentials,
// and what could be a token in a URL. Hand them to redact.New.
func (c *Config) Secrets() []string {
	secrets := secretFields(reflect.ValueOf(*c))
	a := c.Authentication
	if a.Type == auth.Basic {
		secrets = append(secrets, redact.Basic(a.User+":"+a.Password.Reveal())...)
	}
	if a.ClientSecret != "" { // RFC 6749, section 2.3.1
		secrets = append(secrets, url.QueryEscape(a.ClientID)+":"+url.QueryEscape(a.ClientSecret.Reveal()))
	}
	for _, address := range []string{c.DeadLetter.URL, c.Report.URL, c.Authentication.TokenURL} {
		secrets = append(secrets, redact.URL(address)...)
	}
	secrets = append(secrets, passwordOf(c.Snapshot.ConnectionURL.Reveal())...)
	for _, address := range c.Addresses() {
		secrets = append(secrets, secretsOf(address.URL)...)
	}
	slices.Sort(secrets) // many streams share a secret
	return slices.DeleteFunc(slices.Compact(secrets), func(secret string) bool { return secret == "" })
}

// passwordOf returns the user and password of a database's URL, as they are and as the URL writes
// them. Its other parts are no secrets, and common words.
func passwordOf(address string) []string {
	u, err := url.Parse(address)
	if err != nil || u.User == nil {
		return nil
	}
	password, _ := u.User.Password()
	_, written, _ := strings.Cut(u.User.String(), ":")
	return append(redact.Basic(u.User.Username()+":"+password), password, written, u.User.String())
}

// secretsOf returns what could be a token in the address of an endpoint. The variables of a
// template are none, and neither is its path as a whole, which no URL has.
func secretsOf(address string) []string {
	t, err := urltemplate.Parse(address)
	if err != nil || t.IsConstant() {
		return redact.URL(address)
	}
	return redact.Tokens(t.Literals())
}

// secretFields finds every redact.Secret by its type, so that none is missed when the config grows.
func secretFields(value reflect.Value) (secrets []string) {
	if value.Type() == reflect.TypeFor[redact.Secret]() {
		return []string{value.String()}
	}
	switch value.Kind() {
	case reflect.Struct:
		for i := range value.NumField() {
			secrets = append(secrets, secretFields(value.Field(i))...)
		}
	case reflect.Slice, reflect.Array:
		for i := range value.Len() {
			secrets = append(secrets, secretFields(value.Index(i))...)
		}
	case reflect.Map:
		for _, key := range value.MapKeys() {
			secrets = append(secrets, secretFields(key)...)
			secrets = append(secrets, secretFields(value.MapIndex(key))...)
		}
	case reflect.Pointer, reflect.Interface:
		if !value.IsNil() {
			return secretFields(value.Elem())
		}
	}
	return secrets
}
