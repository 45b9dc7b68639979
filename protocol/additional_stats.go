package protocol

import "strconv"

// AdditionalStats are what became of the rows that a state speaks for, beyond the counts that the
// protocol names: destinationStats.additionalStats, which the platform adds up by name. The names
// are those of the report of a sync.
type AdditionalStats struct {
	Delivered, Rejected, Skipped RowCounts
	Replaced                     int64 // rows
	Batches, Requests, Retries   int64
	Bytes, Sent                  int64 // before compression; as they were sent
}

// Add adds other counts.
func (a *AdditionalStats) Add(b AdditionalStats) {
	a.Delivered.Add(b.Delivered)
	a.Rejected.Add(b.Rejected)
	a.Skipped.Add(b.Skipped)
	a.Replaced += b.Replaced
	a.Batches += b.Batches
	a.Requests += b.Requests
	a.Retries += b.Retries
	a.Bytes += b.Bytes
	a.Sent += b.Sent
}

// append appends the member of destinationStats, with a comma in front of it and without counts
// that are 0; nothing if all are.
func (a *AdditionalStats) append(dst []byte) []byte {
	if a == nil || *a == (AdditionalStats{}) {
		return dst
	}
	object := statsObject{dst, `,"additionalStats":{"`}
	object.count("rows_delivered", "", a.Delivered.Sum())
	object.count("rows_skipped", "", a.Skipped.Sum())
	object.count("rows_replaced", "", a.Replaced)
	object.count("batches", "", a.Batches)
	object.count("requests", "", a.Requests)
	object.count("retries", "", a.Retries)
	object.count("bytes", "", a.Bytes)
	object.count("bytes_sent", "", a.Sent)
	object.byOperation("rows_delivered_", a.Delivered)
	object.byOperation("rows_rejected_", a.Rejected)
	object.byOperation("rows_skipped_", a.Skipped)
	return append(object.text, '}')
}

// statsObject is a JSON object of counts that is being written.
type statsObject struct {
	text      []byte
	separator string // in front of the next name, whose quote ends it
}

// count appends a count, unless it is 0. Its name is in two parts.
func (o *statsObject) count(name, operation string, n int64) {
	if n == 0 {
		return
	}
	o.text = append(append(append(append(o.text, o.separator...), name...), operation...), `":`...)
	o.text = append(strconv.AppendInt(o.text, n, 10), ".0"...)
	o.separator = `,"`
}

func (o *statsObject) byOperation(name string, counts RowCounts) {
	for operation, n := range counts {
		o.count(name, operationNames[operation], n)
	}
}
