package payload

import "destination-webhook/protocol"

// Operation is what a record means to the endpoint.
type Operation string

// The operations. Upserted rows, of which nobody knows whether the endpoint has them, carry none.
const (
	Upserted Operation = ""
	Added    Operation = "added"
	Changed  Operation = "changed"
	Removed  Operation = "removed"
	Skipped  Operation = "skipped" // never on the wire: the record is not sent
)

// counted returns what a row with the operation is counted as.
func (o Operation) counted() protocol.Operation {
	switch o {
	case Added:
		return protocol.Added
	case Changed:
		return protocol.Changed
	case Removed:
		return protocol.Removed
	case Skipped:
		return protocol.Unchanged
	}
	return protocol.Upserted
}
