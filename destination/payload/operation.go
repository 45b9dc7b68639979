package payload

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
