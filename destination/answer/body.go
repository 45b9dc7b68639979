package answer

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"io"
	"mime"
	"strings"
	"unicode/utf16"

	"github.com/go-json-experiment/json/jsontext"
)

// MaxBody bounds what is read of a body that may have verdicts, in bytes.
const MaxBody = 4 << 20

// maxIndent is how far into a body its first brace is looked for, in bytes.
const maxIndent = 1 << 10

// IsObject reports whether a body begins as a JSON object does.
func IsObject(body []byte) bool {
	return bytes.HasPrefix(bytes.TrimLeft(inUTF8(body[:min(len(body), maxIndent)]), " \t\r\n"), []byte("{"))
}

// inUTF8 returns a body without a byte order mark, and from UTF-16 in UTF-8. JSON begins with an
// ASCII character, so a zero byte beside the first one shows UTF-16 (RFC 4627, section 3).
func inUTF8(body []byte) []byte {
	body = bytes.TrimPrefix(body, []byte("\ufeff"))
	if len(body) < 2 {
		return body
	}
	var order binary.ByteOrder
	switch first := [2]byte(body); {
	case first == [2]byte{0xfe, 0xff}, first[0] == 0 && first[1] != 0:
		order = binary.BigEndian
	case first == [2]byte{0xff, 0xfe}, first[0] != 0 && first[1] == 0:
		order = binary.LittleEndian
	default:
		return body
	}
	units := make([]uint16, len(body)/2)
	for i := range units {
		units[i] = order.Uint16(body[2*i:])
	}
	return bytes.TrimPrefix([]byte(string(utf16.Decode(units))), []byte("\ufeff"))
}

// plainText returns a body in UTF-8, without a byte order mark and without gzip. The program asks
// for no encoding, and some endpoints compress nevertheless.
func plainText(encoding string, body []byte) ([]byte, error) {
	encoding = strings.ToLower(strings.TrimSpace(encoding))
	zipped := bytes.HasPrefix(body, []byte{0x1f, 0x8b})
	switch {
	case len(body) == 0 || !zipped && (encoding == "" || encoding == "identity"):
		return inUTF8(body), nil
	case !zipped && IsObject(body): // the header is wrong
		return inUTF8(body), nil
	case !zipped:
		return nil, unclear([]byte(encoding), "its Content-Encoding is one that was not asked for")
	}
	r, err := gzip.NewReader(bytes.NewReader(body))
	if err == nil {
		body, err = io.ReadAll(io.LimitReader(r, MaxBody+1))
	}
	if err != nil || len(body) > MaxBody {
		return nil, unclear([]byte("gzip"), "it is compressed, which was not asked for, and cannot be read to its end")
	}
	return inUTF8(body), nil
}

// Problem returns the title and the detail of a body of type application/problem+json (RFC 9457),
// nil if it has neither.
func Problem(contentType string, body []byte) []byte {
	if media, _, err := mime.ParseMediaType(contentType); err != nil || media != "application/problem+json" {
		return nil
	}
	var problem struct{ Title, Detail string }
	if unmarshal(jsontext.Value(inUTF8(body)), &problem) != nil {
		return nil
	}
	return []byte(strings.Trim(problem.Title+": "+problem.Detail, ": "))
}
