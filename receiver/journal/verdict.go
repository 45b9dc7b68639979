package journal

import "encoding/json"

// Verdict returns the rows that an answer names as rejected by their index: what it says of other
// rows than the request has does not count.
func Verdict(body []byte, rows int) []Rejection {
	var answer struct{ Rejected []json.RawMessage }
	if json.Unmarshal(body, &answer) != nil {
		return nil
	}
	var rejected []Rejection
	for _, entry := range answer.Rejected {
		var r struct {
			Index  *int
			Reason string
		}
		if json.Unmarshal(entry, &r) == nil && r.Index != nil && *r.Index >= 0 && *r.Index < rows {
			rejected = append(rejected, Rejection{*r.Index, Short(r.Reason, maxQuote)})
		}
	}
	return rejected
}
