// Package batching turns rows into batches, keeps several of them in flight, and releases every
// checkpoint (a STATE) once all rows before it are settled. It knows nothing of HTTP or JSON: a row
// is bytes, and a Send function delivers a batch.
//
// A row is settled, as AMQP 1.0 calls it, once its outcome is final: it was delivered, rejected and
// stored, or it did not have to be sent. A batch is settled if all of its rows are.
//
// # Promises
//
//   - A batch holds rows of one stream, in the order they came, within the limits on rows and
//     bytes.
//   - A batch ends on a STATE wherever it can: when one has to close and there is a STATE among the
//     open rows of its scope, the scope is cut at the last one. Every open row before that STATE
//     leaves, and the rows after it begin new batches. So batches depend on nothing but the rows
//     since the last STATE released, and a sync resumed there sends the same ones again. Only a
//     batch that has to leave for its age, or because memory is short, is cut at an arbitrary
//     place.
//   - The open rows of a keyed stream may be several batches. If a key is in two of them when they
//     close, all rows are parted by key.
//   - Of two batches with a row of the same key, the later one waits until the earlier one is
//     settled.
//   - A STATE is released exactly once, in order, after all rows before it in its scope are
//     settled: the rows of its stream for a STREAM state; all rows for a GLOBAL or LEGACY one,
//     which also holds back later STREAM states.
//   - The bytes of open and waiting batches and of held states stay within one budget; at the limit
//     the pipeline is Full and its owner has to stop adding.
//
// # Ownership
//
// One goroutine owns a Pipeline and calls all of its methods. A Batch belongs to whoever received
// it last: to the Send function until it returns, then to the pipeline again, which reuses it.
package batching
