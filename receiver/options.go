package receiver

import (
	"cmp"
	"io"

	"destination-webhook/destination/jsonschema"
	"destination-webhook/receiver/faults"
	"destination-webhook/receiver/journal"
	"destination-webhook/receiver/relay"
	"destination-webhook/receiver/store"
)

// Request is one that came, as the journal keeps it.
type Request = journal.Request

// Rejection is a row that an answer rejects.
type Rejection = journal.Rejection

// Row is one of a request's.
type Row = journal.Row

// Comparison holds what arrived against what states claim.
type Comparison = journal.Comparison

// Totals count what has come.
type Totals = journal.Totals

// StreamTotals are the totals of one stream.
type StreamTotals = journal.StreamTotals

// SignatureValid is what Request.Signature says of a valid one.
const SignatureValid = journal.SignatureValid

// Faults say how a Receiver misbehaves.
type Faults = faults.Faults

// Answer is one that a Receiver gives in place of its own.
type Answer = faults.Answer

const (
	AnswerStatus    = faults.AnswerStatus
	AnswerClose     = faults.AnswerClose
	AnswerHang      = faults.AnswerHang
	AnswerHalf      = faults.AnswerHalf
	AnswerRedirect  = faults.AnswerRedirect
	AnswerWrongJSON = faults.AnswerWrongJSON
)

// ParseFaults reads settings such as "status=503 every=3 retry-after=2", separated by spaces.
func ParseFaults(text string) (Faults, error) { return faults.Parse(text) }

// What zero Options mean.
const (
	DefaultKeepRequests = 1000
	DefaultKeepBytes    = 64 << 20
	DefaultMaxBody      = 64 << 20
)

// Options say what a Receiver keeps and where it writes. The zero value keeps the last 1000
// requests within 64 MiB and writes nowhere.
type Options struct {
	Faults Faults // how to misbehave from the start

	KeepRequests int // requests kept in memory; 0 means DefaultKeepRequests
	// Bytes kept of them; 0 means DefaultKeepBytes. The last request is kept whatever its size, but
	// not its body.
	KeepBytes int64
	MaxBody   int64 // uncompressed bytes of one body, 413 above; 0 means DefaultMaxBody

	Log  io.Writer // one plain line per request; nil for none
	Rows io.Writer // one JSON line per accepted row; nil for none

	// Store keeps what came over a restart, together with Stored, what it held at the start; nil
	// for nowhere.
	Store  *store.Store
	Stored []journal.Record

	// Discard counts requests and bytes and looks at nothing else, for measuring a sender.
	Discard bool

	// SigningSecrets are Standard Webhooks secrets. With them, a request that none of them signed
	// is answered 401.
	SigningSecrets []string

	// Schema is what the data of rows has to fit, removed ones apart; nil for anything. The rows
	// that do not fit are rejected, and named in the answer.
	Schema *jsonschema.Schema

	// Script answers requests that are right by rules; nil for none.
	Script *faults.Script

	// Forward passes requests that are right on, and answers as its target does; nil for none. The
	// page sends kept requests there again.
	Forward *relay.Relay

	// AllowRemote lets Listen use an address that others can reach. The page then asks for the
	// Token.
	AllowRemote bool

	// Token opens the page. Without AllowRemote an empty one opens it to everybody on this machine;
	// with it, Listen makes one up.
	Token string
}

// Memory returns what a Receiver with these options may hold at once, in bytes, connections apart:
// the bodies under way and their rows, what is kept, and the program itself.
func (o Options) Memory() int64 {
	const own = 64 << 20
	o.setDefaults()
	return bodiesAtOnce*o.MaxBody + rowsAtOnce + o.KeepBytes + own
}

func (o *Options) setDefaults() {
	o.KeepRequests = cmp.Or(o.KeepRequests, DefaultKeepRequests)
	o.KeepBytes = cmp.Or(o.KeepBytes, DefaultKeepBytes)
	o.MaxBody = cmp.Or(o.MaxBody, DefaultMaxBody)
}
