package config

// SyncMode is the sync mode of a stream as the endpoint sees it.
type SyncMode string

// The sync modes; docs/sync-modes.md has what each sends.
const (
	Auto   SyncMode = "auto" // follows the catalog; no stream is synced in it
	Insert SyncMode = "insert"
	Upsert SyncMode = "upsert"
	Add    SyncMode = "add"
	Remove SyncMode = "remove"
	Mirror SyncMode = "mirror"
)

// ConnectionCheck is a way to check the connection.
type ConnectionCheck string

// The ways to check the connection.
const (
	CheckEmptyBatch ConnectionCheck = "empty_batch" // deliver a batch without rows
	CheckHead       ConnectionCheck = "head"        // make a HEAD request
	CheckConnect    ConnectionCheck = "connect"     // connect, and send nothing
)

// SigningType is a scheme of signatures.
type SigningType string

// The schemes of signatures.
const (
	HMAC    SigningType = "hmac_sha256" // one secret for both sides
	Ed25519 SigningType = "ed25519"     // a private key for us, a public one for the endpoint
)

// Meaning is what an answer means.
type Meaning string

// What an answer may mean.
const (
	MeansDelivered Meaning = "delivered"
	MeansRetry     Meaning = "retry"
	MeansReject    Meaning = "reject" // the payload: rows at fault are found by halving it
	MeansStop      Meaning = "stop"   // of the sync
)

// RejectedRows is what happens to the rows that the endpoint rejects.
type RejectedRows string

// What happens to rejected rows.
const (
	FailOnRejected RejectedRows = "fail"        // the first one ends the sync
	ToDeadLetter   RejectedRows = "dead_letter" // they are stored, see Config.DeadLetter
)

// MissingKey is what happens to the rows that have no value for some field of a composite key.
type MissingKey string

// What happens to rows with part of a key.
const (
	RejectMissingKey MissingKey = "reject" // they are not sent
	SendMissingKey   MissingKey = "send"   // null takes the place of the value
)

// Storage is a kind of place in which rows are stored.
type Storage string

// The kinds of storage.
const (
	NoStorage       Storage = "none"
	LocalStorage    Storage = "local"    // a folder
	S3Storage       Storage = "s3"       // a bucket
	PostgresStorage Storage = "postgres" // a database, for snapshots alone
	WebhookStorage  Storage = "webhook"  // another endpoint, for dead letters alone
)

// Compression is the content coding of bodies.
type Compression string

// The content codings.
const (
	Uncompressed Compression = "none"
	Gzip         Compression = "gzip"
	Zstd         Compression = "zstd"
)

// Check returns how the connection is checked: there is no batch without rows of a format that
// holds one row.
func (c *Config) Check() ConnectionCheck {
	if c.ConnectionCheck == CheckEmptyBatch && c.Payload.Format.HoldsOneRow() {
		return CheckConnect
	}
	return c.ConnectionCheck
}

// CheckMode returns the sync mode that the body of a connection check names.
func (c *Config) CheckMode() SyncMode {
	if c.SyncMode == Auto {
		return Insert
	}
	return c.SyncMode
}
