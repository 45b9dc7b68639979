// Package manifest is what an endpoint is told at the end of a sync about one stream: which
// requests it has accepted, and what was in them. Sender and endpoint add up the same numbers, and
// the stream is whole at the endpoint if they agree; docs/payload.md describes it for the owner of
// an endpoint.
package manifest
