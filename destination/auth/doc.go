// Package auth turns configured credentials into a RoundTripper and a tls.Config.
//
// A RoundTripper of this package never modifies the request it is given. It sends credentials with
// every request, so wrap it around a transport that follows no redirects.
package auth
