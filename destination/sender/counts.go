package sender

import (
	"slices"

	"destination-webhook/destination/payload"
)

// counts returns what of a settled batch was sent: suppressed and replaced rows were not, and a
// batch of nothing else has no bytes.
func (s *batchSend) counts(rejected []int) Counts {
	suppressed := s.batch.Suppressed()
	c := Counts{
		Accepted: s.batch.Rows() - len(suppressed) - len(s.replacedBy), Rejected: len(rejected),
		Suppressed: len(suppressed), Replaced: len(s.replacedBy), Removals: s.removals,
		Operations: s.operations,
	}
	if c.Accepted > 0 {
		c.Bytes = s.sentBytes()
	}
	for _, row := range rejected {
		if payload.ReadMetadata(s.batch.Metadata(row)).Retry.ID != "" {
			c.Repeated++
		}
		_, isSuppressed := slices.BinarySearch(suppressed, row)
		_, isReplaced := s.replacedBy[row]
		switch {
		case isSuppressed:
			c.Suppressed--
		case isReplaced:
			c.Replaced--
		default:
			c.Accepted--
		}
	}
	return c
}

// sentBytes returns the length of the body without the rows that were not sent.
func (s *batchSend) sentBytes() int {
	if len(s.replacedBy) > 0 { // rows that are sent may be other ones than in the body
		frame := &s.batch.Stream.Frame
		bytes := len(frame.Prefix) + len(frame.Suffix) - len(frame.Separator)
		for _, row := range s.compacted {
			bytes += s.size(row)
		}
		return bytes
	}
	bytes := len(s.batch.Body)
	for _, row := range s.batch.Suppressed() {
		bytes -= s.size(row)
	}
	return bytes
}

// size returns how many bytes of a body a row takes.
func (s *batchSend) size(row int) int {
	return len(s.batch.Row(row)) + len(s.batch.Stream.Frame.Separator)
}
