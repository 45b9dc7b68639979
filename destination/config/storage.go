package config

import "destination-webhook/destination/redact"

// Output is the chosen place of what a sync writes besides the rows. Type determines which of the
// other fields count: none, local (Path), s3 (S3) or webhook (URL and AuthorizationHeader).
type Output struct {
	Type                Storage       `json:"type"`
	Path                string        `json:"path"`
	URL                 string        `json:"url"`
	AuthorizationHeader redact.Secret `json:"authorization_header"`
	S3
}

// Chosen reports whether there is such a place.
func (o Output) Chosen() bool { return o.Type != "" && o.Type != NoStorage }

// RejectedRetry sets whether later syncs try rejected rows again, and how many of them do so.
type RejectedRetry struct {
	RetryNextSync bool `json:"retry_next_sync"`
	MaxSyncs      int  `json:"max_syncs"`
}

// Snapshot is the chosen place of the snapshot. Type determines which of the other fields count:
// none, local (Path), s3 (S3) or postgres (Postgres). KeepRows goes with all.
type Snapshot struct {
	Type     Storage `json:"type"`
	Path     string  `json:"path"`
	KeepRows bool    `json:"keep_rows"`
	S3
	Postgres
}

// Postgres is where the tables of a snapshot are.
type Postgres struct {
	ConnectionURL redact.Secret `json:"connection_url"`
	Schema        string        `json:"schema"`
	TablePrefix   string        `json:"table_prefix"`
}

// Chosen reports whether there is a snapshot.
func (s Snapshot) Chosen() bool { return s.Type != "" && s.Type != NoStorage }

// S3 is an S3-compatible bucket. If it has no keys, those of the environment are used.
type S3 struct {
	Bucket          string        `json:"bucket"`
	Prefix          string        `json:"prefix"`
	Region          string        `json:"region"`
	Endpoint        string        `json:"endpoint"`
	AccessKeyID     redact.Secret `json:"access_key_id"`
	SecretAccessKey redact.Secret `json:"secret_access_key"`
}

func (c *Config) checkDeadLetter(problems *problemList) {
	if c.OnRejectedRows == ToDeadLetter && c.DeadLetter.Type == NoStorage {
		problems.add("dead_letter.type", "expected one of local, s3, webhook, on_rejected_rows needs a place to write to")
	}
	if c.RejectedRows.RetryNextSync && (c.OnRejectedRows != ToDeadLetter || c.DeadLetter.Type == WebhookStorage) {
		problems.add("rejected_rows.retry_next_sync", "it needs dead letters that can be read again: set on_rejected_rows to dead_letter, and dead_letter.type to local or s3")
	}
	c.DeadLetter.check(problems, "dead_letter")
}

func (o Output) check(problems *problemList, field string) {
	checkURL(problems, field+".url", o.URL)
	checkHeaderValue(problems, field+".authorization_header", o.AuthorizationHeader)
	o.S3.check(problems, field)
}

func (b S3) check(problems *problemList, field string) {
	checkURL(problems, field+".endpoint", b.Endpoint)
	checkKeys(problems, field, b.AccessKeyID, b.SecretAccessKey)
}

// checkKeys requires both AWS keys or none: half a pair from the config and half from the
// environment is never intended.
func checkKeys(problems *problemList, field string, id, secret redact.Secret) {
	switch {
	case id == "" && secret != "":
		problems.add(field+".access_key_id", "required along with secret_access_key")
	case id != "" && secret == "":
		problems.add(field+".secret_access_key", "required along with access_key_id")
	}
}
