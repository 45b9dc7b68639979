// Package delivery brings one body to one URL, and returns the outcome.
//
// A delivery is one or more attempts of the same request. The answer of each attempt is judged by
// one table (package answer): delivered, try again, too large, refused, or misconfigured. What is
// worth another try is tried again with exponential backoff and full jitter, never before the
// endpoint's own Retry-After or RateLimit-Reset, and within bounds of attempts and time.
//
// Deliveries to the same scheme, host and port share an endpoint. It holds what must be common to
// them: a breaker, which a 429 or 503 opens for all of them and a successful probe closes; the slots
// for attempts in flight; the largest request that the endpoint takes, in bytes and in rows; and
// whether it takes compressed bodies.
//
// The package promises:
//   - a redirect is never followed;
//   - a body is the caller's again when Deliver returns, whatever the
//     transport still does in the background;
//   - no error or excerpt shows more of a URL than scheme and host;
//   - every wait ends with the caller's context or with Stop;
//   - no goroutine outlives Deliver but those of the transport's idle
//     connections.
//
// It knows no streams, and of rows only how many a body has.
package delivery
