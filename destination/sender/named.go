package sender

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"destination-webhook/destination/printable"
)

const (
	// maxKey bounds what a message shows of a primary key, in bytes.
	maxKey = 100
	// maxNamed is how many rows a message names.
	maxNamed = 10
)

// named names a row for people: by its primary key, or else by the line of the input that it came
// from.
func (s *batchSend) named(row int) string {
	if key := s.shownKey(row); key != "" {
		return "with primary key " + key
	}
	if line := s.batch.Line(row); line != 0 {
		return fmt.Sprintf("in line %d of the input", line)
	}
	return "without a primary key"
}

// shownKey returns a row's primary key, which is whatever the source made it; "" if it has none.
func (s *batchSend) shownKey(row int) string {
	key := s.key(row)
	if len(key) > len(`""`) {
		key = bytes.Trim(key, `"`)
	}
	return printable.Line(s.stream.options.Redact(string(key)), maxKey)
}

// refusedRows says for people which rows were refused.
func (s *batchSend) refusedRows(rejections []rejection) string {
	if len(rejections) == 1 {
		return fmt.Sprintf("the row %s was refused", s.named(rejections[0].row))
	}
	var keys, lines []string
	shown := rejections[:min(len(rejections), maxNamed)]
	for _, r := range shown {
		if key := s.shownKey(r.row); key != "" {
			keys = append(keys, key)
		} else {
			lines = append(lines, strconv.FormatInt(s.batch.Line(r.row), 10))
		}
	}
	text := fmt.Sprintf("%d rows were refused", len(rejections))
	if keys != nil {
		text += ", with primary keys " + strings.Join(keys, ", ")
	}
	if lines != nil {
		text += ", in lines " + strings.Join(lines, ", ") + " of the input"
	}
	if more := len(rejections) - len(shown); more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}
