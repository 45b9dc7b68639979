package journal

import (
	"encoding/json"
	"net/url"
	"path"
	"strings"
)

// removal returns the row that a DELETE without a body is about: the last segment of its path is
// the primary key, the fields of a composite one with commas between them (RFC 6570).
func (q *Request) removal() []Row {
	segments, _, _ := strings.Cut(q.URL, "?")
	var key []string
	for field := range strings.SplitSeq(path.Base(segments), ",") {
		text, err := url.PathUnescape(field)
		if err != nil {
			text = field
		}
		key = append(key, text)
	}
	q.Rows = 1
	quoted, _ := json.Marshal(key) // a list of texts always encodes
	if len(key) == 1 {
		quoted = quoted[1 : len(quoted)-1]
	}
	return []Row{{Stream: q.Stream, Namespace: q.Namespace, Operation: "removed", PrimaryKey: quoted, Data: json.RawMessage("{}")}}
}
