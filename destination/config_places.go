package destination

import "destination-webhook/destination/redact"

// DeadLetterConfig is one choice of where rejected rows are stored. Type says
// which of the other fields count: none, local (Path), s3 (BucketConfig) or
// webhook (URL and AuthorizationHeader).
type DeadLetterConfig struct {
	Type                string        `json:"type"`
	Path                string        `json:"path"`
	URL                 string        `json:"url"`
	AuthorizationHeader redact.Secret `json:"authorization_header"`
	BucketConfig
}

// BucketConfig is an S3-compatible bucket. Without keys they are those of the
// environment.
type BucketConfig struct {
	Bucket          string        `json:"bucket"`
	Prefix          string        `json:"prefix"`
	Region          string        `json:"region"`
	Endpoint        string        `json:"endpoint"`
	AccessKeyID     redact.Secret `json:"access_key_id"`
	SecretAccessKey redact.Secret `json:"secret_access_key"`
}

func (c *Config) checkDeadLetter(problems *configProblems) {
	if c.OnRejectedRows == "dead_letter" && c.DeadLetter.Type == "none" {
		problems.add("dead_letter.type", "expected one of local, s3, webhook, on_rejected_rows needs a place to write to")
	}
	checkURL(problems, "dead_letter.url", c.DeadLetter.URL)
	checkHeaderValue(problems, "dead_letter.authorization_header", c.DeadLetter.AuthorizationHeader)
	c.DeadLetter.check(problems, "dead_letter")
}

func (b BucketConfig) check(problems *configProblems, field string) {
	checkURL(problems, field+".endpoint", b.Endpoint)
	checkKeys(problems, field, b.AccessKeyID, b.SecretAccessKey)
}

// checkKeys wants both AWS keys or none: half a pair in the config and half in
// the environment is a pair that nobody meant.
func checkKeys(problems *configProblems, field string, id, secret redact.Secret) {
	switch {
	case id == "" && secret != "":
		problems.add(field+".access_key_id", "required along with secret_access_key")
	case id != "" && secret == "":
		problems.add(field+".secret_access_key", "required along with access_key_id")
	}
}
