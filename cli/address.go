package cli

import (
	"fmt"
	"strconv"
)

// address is a flag for the address that a receiver listens on.
type address string

func (a *address) String() string { return string(*a) }
func (a *address) Type() string   { return "host:port" }

// Set implements pflag.Value.
func (a *address) Set(value string) error {
	if _, err := strconv.ParseUint(value, 10, 16); err == nil {
		return fmt.Errorf("the host is missing: did you mean 127.0.0.1:%s?", value)
	}
	*a = address(value)
	return nil
}
