// Package receiver is the other end of the wire: an endpoint to try a sync
// against, by hand and in tests.
//
// A Receiver takes any path and any method, reads the envelope, remembers what
// came and answers as its Faults say. It keeps three promises that a test can
// lean on:
//
//   - Rows count as accepted only when their request is answered with a 2xx
//     status and the answer does not name them as rejected. They are counted
//     before the first byte of the answer leaves, so that whoever has read the
//     answer finds them in Totals and Accepted.
//   - Totals are right for any number of requests; what is kept of the single
//     request is bounded by Options.KeepRequests and Options.KeepBytes, oldest
//     out first.
//   - Faults that draw lots draw them from a seed, in the order in which the
//     requests arrive.
package receiver
