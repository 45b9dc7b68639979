package deadletter

import (
	"bytes"

	"github.com/go-json-experiment/json"
)

// settledLine begins a line that says which rows no longer wait to be tried again. It is a LOG
// message, so that a file of dead letters stays the input of its own replay.
var settledLine = []byte(`{"type":"LOG","log":{"level":"DEBUG","message":"rejected rows were delivered since, or replaced"},"settled":`)

// AppendSettled appends a line that says that the rows with these ids no longer wait, whatever
// dead letters there are of them.
func AppendSettled(dst []byte, ids []string) []byte {
	dst = append(append(dst, settledLine...), '[')
	for i, id := range ids {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendString(dst, id)
	}
	return append(dst, "]}\n"...)
}

// ParseSettled returns the ids of a line that AppendSettled has written. It reports false for any
// other line.
func ParseSettled(line []byte) (ids []string, ok bool) {
	list, ok := bytes.CutPrefix(line, settledLine)
	if !ok {
		return nil, false
	}
	err := json.Unmarshal(bytes.TrimSuffix(list, []byte("}")), &ids)
	return ids, err == nil
}
