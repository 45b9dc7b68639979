package destination

import "fmt"

// check adds what no schema can say: rules across fields and inside texts.
func (c *Config) check(problems *configProblems) {
	checkURL(problems, "url", c.URL)
	c.checkSignedPath(problems, "url", c.URL)
	checkHeaderValue(problems, "authorization_header", c.AuthorizationHeader)
	checkHeaderValue(problems, "api_key", c.APIKey)
	c.checkAuthentication(problems)
	c.checkHeaders(problems)
	c.checkSyncMode(problems, "sync_mode", c.SyncMode)
	c.Batching.check(problems)
	c.Delivery.Retry.check(problems)
	c.Snapshot.check(problems, "snapshot")
	c.Signing.check(problems)
	c.TLS.check(problems)
	c.checkDeadLetter(problems)
	c.checkStreams(problems)
}

func (b BatchingConfig) check(problems *configProblems) {
	if b.MaxBytes > b.MaxBufferedBytes {
		problems.add("batching.max_bytes",
			fmt.Sprintf("expected at most batching.max_buffered_bytes (%d)", b.MaxBufferedBytes))
	}
}

func (r RetryConfig) check(problems *configProblems) {
	if r.InitialInterval() > r.MaxInterval() {
		problems.add("delivery.retry.initial_interval_ms",
			fmt.Sprintf("expected at most delivery.retry.max_interval_seconds (%s)", r.MaxInterval()))
	}
}
