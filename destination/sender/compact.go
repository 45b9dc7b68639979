package sender

import (
	"maps"
	"slices"
)

// rejectReplaced rejects the rows in whose place another one was sent and rejected, so that nothing
// is lost: the endpoint has none of them.
func (s *batchSend) rejectReplaced() {
	if len(s.rejected) == 0 {
		return
	}
	sent := make(map[int]rejection, len(s.rejected))
	for _, r := range s.rejected {
		sent[r.row] = r
	}
	for _, row := range slices.Sorted(maps.Keys(s.replacedBy)) {
		if r, rejected := sent[s.replacedBy[row]]; rejected {
			r.row, r.reason = row, "a later row with its primary key was sent in its place: "+r.reason
			s.rejected = append(s.rejected, r)
		}
	}
}
