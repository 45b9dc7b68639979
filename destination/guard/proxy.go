package guard

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// proxyVariables are those that [net/http.ProxyFromEnvironment] reads for requests to the outside.
var proxyVariables = []string{"HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"}

var proxySchemes = []string{"http", "https", "socks5", "socks5h"}

// Proxies returns the proxy addresses in the environment, credentials included. A value that is not
// the address of a proxy is an error that does not show it: net/http would ignore the value and
// dial the endpoint directly, past the proxy that the operator meant.
func Proxies(getenv func(string) string) (addresses []string, err error) {
	for _, name := range proxyVariables {
		value := getenv(name)
		if value == "" {
			continue
		}
		if !isProxy(value) {
			return nil, fmt.Errorf("environment variable %s is not the address of a proxy: want http://host:port, "+
				"with user:password@ before the host if needed, and special characters in them percent-encoded", name)
		}
		addresses = append(addresses, value)
	}
	return addresses, unreadProxy(getenv)
}

// unreadProxy is the error of a proxy for all schemes, which other programs read and net/http does
// not: requests would pass it by.
func unreadProxy(getenv func(string) string) error {
	set := func(names ...string) bool {
		return slices.ContainsFunc(names, func(name string) bool { return getenv(name) != "" })
	}
	for _, name := range []string{"ALL_PROXY", "all_proxy"} {
		if set(name) && (!set("HTTP_PROXY", "http_proxy") || !set("HTTPS_PROXY", "https_proxy")) {
			return fmt.Errorf("environment variable %s is not read, and requests would be sent past its proxy: "+
				"set HTTP_PROXY and HTTPS_PROXY, or unset it", name)
		}
	}
	return nil
}

// isProxy reports whether net/http uses the proxy that value means. The scheme may be missing.
func isProxy(value string) bool {
	if !strings.Contains(value, "://") {
		value = "http://" + value
	}
	u, err := url.Parse(value)
	return err == nil && u.Hostname() != "" && slices.Contains(proxySchemes, u.Scheme)
}
