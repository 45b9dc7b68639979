// Package receiver is the other end of the wire: an endpoint to try a sync against, by hand and in
// tests.
//
// A Receiver accepts any path and any method, reads the envelope, remembers what came and answers
// as its Faults say. A test can rely on three promises:
//
//   - Rows count as accepted only if their request is answered with a 2xx status and the answer
//     does not name them as rejected. They are counted before the first byte of the answer is
//     written, so whoever has read the answer finds them in Totals and Accepted.
//   - Totals are right for any number of requests. What is kept of single requests is bounded by
//     Options.KeepRequests and Options.KeepBytes, and the oldest go first.
//   - Faults that choose requests at random draw from a seed, in the order in which the requests
//     arrive.
//
// Package journal holds what came, package faults how to misbehave, and package page what people
// see.
package receiver
