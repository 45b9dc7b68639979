package guard

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

const (
	envMode  = "DEPLOYMENT_MODE" // Airbyte sets CLOUD if its users are not its operators
	envDeny  = "WEBHOOK_DENY_PRIVATE_NETWORKS"
	envAllow = "WEBHOOK_ALLOWED_NETWORKS"
)

// FromEnvironment returns the Guard that the operator asked for: private mode by
// DEPLOYMENT_MODE=CLOUD or WEBHOOK_DENY_PRIVATE_NETWORKS=true, its exceptions by
// WEBHOOK_ALLOWED_NETWORKS, CIDRs or single addresses separated by commas.
// An invalid value is an error; guessing could disable protection.
func FromEnvironment(getenv func(string) string) (*Guard, error) {
	deny, err := denyPrivate(getenv)
	if err != nil {
		return nil, err
	}
	allow, err := parseNetworks(getenv(envAllow))
	if err != nil {
		return nil, err
	}
	return New(Options{DenyPrivate: deny, Allow: allow, Hosted: Hosted(getenv)}), nil
}

// Hosted reports whether the process is operated by somebody other than its users, who must not use
// or learn what is the operator's.
func Hosted(getenv func(string) string) bool {
	return strings.EqualFold(strings.TrimSpace(getenv(envMode)), "CLOUD")
}

// denyPrivate reports whether either variable asks for private mode. The second one cannot turn it
// off in a hosted deployment.
func denyPrivate(getenv func(string) string) (bool, error) {
	cloud := Hosted(getenv)
	value := strings.TrimSpace(getenv(envDeny))
	if value == "" {
		return cloud, nil
	}
	deny, err := strconv.ParseBool(value)
	if err != nil {
		return false, fmt.Errorf("environment variable %s is %q: want true or false", envDeny, value)
	}
	return cloud || deny, nil
}

func parseNetworks(list string) ([]netip.Prefix, error) {
	var networks []netip.Prefix
	for entry := range strings.SplitSeq(list, ",") {
		entry = strings.TrimSpace(entry)
		if entry == "" {
			continue
		}
		network, err := parseNetwork(entry)
		if err != nil {
			return nil, fmt.Errorf("environment variable %s has %q: want networks such as 10.1.0.0/16, separated by commas", envAllow, entry)
		}
		networks = append(networks, network)
	}
	return networks, nil
}

func parseNetwork(entry string) (netip.Prefix, error) {
	if !strings.Contains(entry, "/") {
		addr, err := netip.ParseAddr(entry)
		if err != nil {
			return netip.Prefix{}, err
		}
		addr = addr.Unmap().WithZone("")
		return netip.PrefixFrom(addr, addr.BitLen()), nil
	}
	return netip.ParsePrefix(entry)
}
