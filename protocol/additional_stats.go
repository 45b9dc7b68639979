package protocol

import "strconv"

// AdditionalStats are what became of the rows that a state speaks for, beyond the counts that the
// protocol names: destinationStats.additionalStats, which the platform adds up by name. The names
// are those of the report of a sync.
type AdditionalStats struct {
	Delivered, Skipped, Replaced int64 // rows
	Batches, Requests, Retries   int64
	Bytes, Sent                  int64 // before compression; as they were sent
}

// Add adds other counts.
func (a *AdditionalStats) Add(b AdditionalStats) {
	a.Delivered += b.Delivered
	a.Skipped += b.Skipped
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
	if *a == (AdditionalStats{}) {
		return dst
	}
	separator := `,"additionalStats":{"`
	for _, count := range [...]struct {
		name string
		n    int64
	}{
		{"rows_delivered", a.Delivered}, {"rows_skipped", a.Skipped}, {"rows_replaced", a.Replaced},
		{"batches", a.Batches}, {"requests", a.Requests}, {"retries", a.Retries}, {"bytes", a.Bytes}, {"bytes_sent", a.Sent},
	} {
		if count.n == 0 {
			continue
		}
		dst = append(append(append(dst, separator...), count.name...), `":`...)
		dst = append(strconv.AppendInt(dst, count.n, 10), ".0"...)
		separator = `,"`
	}
	return append(dst, '}')
}
