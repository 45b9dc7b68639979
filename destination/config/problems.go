package config

import (
	"fmt"
	"slices"
	"strings"

	"destination-webhook/protocol"
)

// problemList collects the problems of a config, one for each field: the first one reported is the
// cause of those that follow from it.
type problemList struct {
	fields map[string]string
}

// add reports a problem of a field, unless the field or one that holds it has one already.
func (p *problemList) add(field, problem string) {
	for known := field; known != ""; known = known[:max(strings.LastIndexByte(known, '.'), 0)] {
		if _, ok := p.fields[known]; ok {
			return
		}
	}
	if p.fields == nil {
		p.fields = make(map[string]string)
	}
	p.fields[field] = problem
}

// err returns the problems as a *Error, or nil if there are none.
func (p *problemList) err() error {
	if len(p.fields) == 0 {
		return nil
	}
	lines := make([]string, 0, len(p.fields))
	for field, problem := range p.fields {
		lines = append(lines, field+": "+problem)
	}
	slices.Sort(lines)
	if more := len(lines) - maxProblems; more > 0 {
		lines = append(lines[:maxProblems], fmt.Sprintf("and %d more problems", more))
	}
	return &Error{Problems: lines}
}

// check adds the problems that no schema can express: rules across fields and inside texts.
func (c *Config) check(problems *problemList) {
	c.checkEndpoint(problems, "url", c.URL)
	c.checkOperations(problems, "operations", c.Operations)
	if len(c.Streams) == 0 { // else only the catalog tells for which streams these hold
		c.Overrides().checkBodies(problems, "", Stream{}, protocol.StreamDescriptor{})
	}
	checkHeaderValue(problems, "authorization_header", c.AuthorizationHeader)
	checkHeaderValue(problems, "api_key", c.APIKey)
	c.checkAuthentication(problems)
	c.checkHeaders(problems, "headers", c.Headers)
	c.checkSyncMode(problems, "sync_mode", c.SyncMode)
	c.Payload.check(problems, "payload", c.Payload, unrouted(c.SyncMode, c.Operations))
	c.Batching.check(problems)
	c.Delivery.Retry.check(problems)
	c.Snapshot.check(problems, "snapshot")
	c.Signing.check(problems)
	c.TLS.check(problems)
	c.checkDeadLetter(problems)
	c.Report.check(problems, "report")
	c.checkManifest(problems)
	c.Answers.check(problems, "answers")
	c.checkStreams(problems)
	c.checkSecrets(problems)
}

func (b Batching) check(problems *problemList) {
	if b.MaxBytes > b.MaxBufferedBytes {
		problems.add("batching.max_bytes",
			fmt.Sprintf("expected at most batching.max_buffered_bytes (%d)", b.MaxBufferedBytes))
	}
}

func (r Retry) check(problems *problemList) {
	if r.InitialInterval() > r.MaxInterval() {
		problems.add("delivery.retry.initial_interval_ms",
			fmt.Sprintf("expected at most delivery.retry.max_interval_seconds (%s)", r.MaxInterval()))
	}
}
