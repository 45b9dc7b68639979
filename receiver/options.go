package receiver

import (
	"cmp"
	"io"
)

// What Options mean where they are zero.
const (
	DefaultKeepRequests = 1000
	DefaultKeepBytes    = 64 << 20
	DefaultMaxBody      = 256 << 20
)

// Options say what a Receiver keeps and where it writes. The zero value keeps
// the last 1000 requests within 64 MiB and writes nowhere.
type Options struct {
	Faults Faults // how to misbehave from the start

	KeepRequests int   // requests kept in memory; 0 means DefaultKeepRequests
	KeepBytes    int64 // bytes kept of them; 0 means DefaultKeepBytes. The last request is kept whatever its size, its body is not
	MaxBody      int64 // uncompressed bytes of one body, 413 above; 0 means DefaultMaxBody

	Log  io.Writer // one plain line per request; nil for none
	Rows io.Writer // one JSON line per accepted row; nil for none

	// Discard counts requests and bytes and looks at nothing else, for
	// measuring a sender.
	Discard bool

	// SigningSecrets are Standard Webhooks secrets. With them, a request that none
	// of them signed is answered 401.
	SigningSecrets []string

	// AllowRemote lets Listen take an address that others can reach. The page then
	// asks for the Token.
	AllowRemote bool

	// Token opens the page; without AllowRemote an empty one opens it to everybody
	// on this machine. Listen makes one up where it is needed and missing.
	Token string
}

func (o *Options) setDefaults() {
	o.KeepRequests = cmp.Or(o.KeepRequests, DefaultKeepRequests)
	o.KeepBytes = cmp.Or(o.KeepBytes, DefaultKeepBytes)
	o.MaxBody = cmp.Or(o.MaxBody, DefaultMaxBody)
}
