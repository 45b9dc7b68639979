package receiver

import "io"

// Options say what a Receiver keeps and where it writes. The zero value keeps
// the last 1000 requests within 64 MiB and writes nowhere.
type Options struct {
	Faults Faults // how to misbehave from the start

	KeepRequests int   // requests kept in memory; 0 means 1000
	KeepBytes    int64 // bytes of bodies and headers kept; 0 means 64 MiB
	MaxBody      int64 // uncompressed bytes of one body, 413 above; 0 means 256 MiB

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
	if o.KeepRequests == 0 {
		o.KeepRequests = 1000
	}
	if o.KeepBytes == 0 {
		o.KeepBytes = 64 << 20
	}
	if o.MaxBody == 0 {
		o.MaxBody = 256 << 20
	}
}
