package answer

import (
	"bytes"
	"compress/gzip"
	"io"
	"mime"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// MaxBody bounds what is read of a body that may have verdicts, in bytes.
const MaxBody = 4 << 20

// byteOrderMark begins the texts of some programs.
var byteOrderMark = []byte("\ufeff")

// IsObject reports whether a body begins as a JSON object does.
func IsObject(body []byte) bool {
	return bytes.HasPrefix(bytes.TrimLeft(bytes.TrimPrefix(body, byteOrderMark), " \t\r\n"), []byte("{"))
}

// plainText returns a body without a byte order mark and without gzip. The program asks for no
// encoding, and some endpoints compress nevertheless.
func plainText(encoding string, body []byte) ([]byte, error) {
	encoding = strings.ToLower(strings.TrimSpace(encoding))
	zipped := bytes.HasPrefix(body, []byte{0x1f, 0x8b})
	switch {
	case len(body) == 0 || !zipped && (encoding == "" || encoding == "identity"):
		return bytes.TrimPrefix(body, byteOrderMark), nil
	case !zipped && IsObject(body): // the header is wrong
		return bytes.TrimPrefix(body, byteOrderMark), nil
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
	return bytes.TrimPrefix(body, byteOrderMark), nil
}

// Problem returns the title and the detail of a body of type application/problem+json (RFC 9457),
// nil if it has neither.
func Problem(contentType string, body []byte) []byte {
	if media, _, err := mime.ParseMediaType(contentType); err != nil || media != "application/problem+json" {
		return nil
	}
	var problem struct{ Title, Detail string }
	if unmarshal(jsontext.Value(bytes.TrimPrefix(body, byteOrderMark)), &problem) != nil {
		return nil
	}
	return []byte(strings.Trim(problem.Title+": "+problem.Detail, ": "))
}
