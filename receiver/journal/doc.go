// Package journal keeps what a receiver was sent and what became of it: requests within bounds,
// totals without any.
//
//   - Rows count as accepted only when their request was answered with a 2xx status and the answer
//     does not name them as rejected.
//   - Totals are right for any number of requests. What is kept of single requests is bounded in
//     number and bytes; the oldest go first.
package journal
