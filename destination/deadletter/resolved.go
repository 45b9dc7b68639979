package deadletter

import (
	"bytes"

	"github.com/go-json-experiment/json"
)

// resolvedLine begins a line that says which rows no longer wait to be tried again. It is a LOG
// message, so that a file of dead letters stays the input of its own replay.
var resolvedLine = []byte(`{"type":"LOG","log":{"level":"DEBUG","message":"rejected rows were delivered since, or replaced"},"resolved":`)

// AppendResolved appends a line that says that the rows with these ids no longer wait, whatever
// dead letters there are of them.
func AppendResolved(dst []byte, ids []string) []byte {
	dst = append(append(dst, resolvedLine...), '[')
	for i, id := range ids {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendString(dst, id)
	}
	return append(dst, "]}\n"...)
}

// ParseResolved returns the ids of a line that AppendResolved has written. It reports false for any
// other line.
func ParseResolved(line []byte) (ids []string, ok bool) {
	list, ok := bytes.CutPrefix(line, resolvedLine)
	if !ok {
		return nil, false
	}
	err := json.Unmarshal(bytes.TrimSuffix(list, []byte("}")), &ids)
	return ids, err == nil
}
