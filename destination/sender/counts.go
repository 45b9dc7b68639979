package sender

import (
	"slices"

	"destination-webhook/destination/payload"
)

// counts returns what became of a settled batch. A batch of which nothing was sent has no bytes.
func (s *batchSend) counts(rejected []int) Counts {
	suppressed := s.batch.Suppressed()
	c := Counts{Accepted: s.accepted, Replaced: len(s.replacedBy), Removals: s.removals, Settled: s.batch.Operations()}
	for _, row := range suppressed {
		c.Suppressed[s.batch.Operation(row)]++
	}
	if c.Accepted.Sum() > 0 {
		c.Bytes = s.sentBytes()
	}
	for _, row := range rejected {
		operation := s.batch.Operation(row)
		c.Rejected[operation]++
		if payload.ReadMetadata(s.batch.Metadata(row)).Retry.ID != "" {
			c.Repeated[operation]++
		}
		if _, isSuppressed := slices.BinarySearch(suppressed, row); isSuppressed {
			c.Suppressed[operation]--
		} else if _, isReplaced := s.replacedBy[row]; isReplaced {
			c.Replaced--
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

// sizeOfAll returns the sum of the sizes of all rows, of which none was set.
func (s *batchSend) sizeOfAll() int {
	frame := &s.batch.Stream.Frame
	return len(s.batch.Body) - len(frame.Prefix) - len(frame.Suffix) + len(frame.Separator)
}

// size returns how many bytes of a body a row takes.
func (s *batchSend) size(row int) int {
	return len(s.batch.Row(row)) + len(s.batch.Stream.Frame.Separator)
}
