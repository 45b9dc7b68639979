package buckettest

import (
	"bytes"
	"crypto/md5" //nolint:gosec // an ETag, as S3 has it
	"encoding/xml"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"

	"destination-webhook/destination/bucket"
)

// Memory is a service in this process, for tests that count its calls or end at one of them. It
// knows what package bucket asks for, and neither credentials nor uploads in parts. The zero value
// is empty.
type Memory struct {
	// Before is called with each request, in turn, before it has any effect, and After when it has
	// had it. Their errors are the request's. Both may be nil.
	Before, After func(*http.Request) error

	mu      sync.Mutex
	objects map[string][]byte
}

// Options reach the service.
func (m *Memory) Options() bucket.Options {
	return bucket.Options{
		Endpoint: "http://127.0.0.1:1", Region: "us-east-1", Bucket: name,
		AccessKeyID: accessKey, SecretAccessKey: secretKey, Transport: m,
	}
}

// Objects returns the names and contents of all objects. The contents are not to be changed.
func (m *Memory) Objects() map[string][]byte {
	m.mu.Lock()
	defer m.mu.Unlock()
	return maps.Clone(m.objects)
}

// Put replaces all objects.
func (m *Memory) Put(objects map[string][]byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.objects = maps.Clone(objects)
}

// RoundTrip answers one request at a time.
func (m *Memory) RoundTrip(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
		_ = r.Body.Close() // it was read
		if strings.HasPrefix(r.Header.Get("X-Amz-Content-Sha256"), "STREAMING-") {
			body = unframe(body)
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.Before != nil {
		if err := m.Before(r); err != nil {
			return nil, err
		}
	}
	answer := m.answer(r, strings.TrimPrefix(r.URL.Path, "/"+name+"/"), body)
	if m.After != nil {
		if err := m.After(r); err != nil {
			return nil, err
		}
	}
	return answer, nil
}

// unframe takes a body out of its chunks, each with its size and signature in front of it.
func unframe(framed []byte) (body []byte) {
	for {
		header, rest, found := bytes.Cut(framed, []byte("\r\n"))
		digits, _, _ := bytes.Cut(header, []byte(";"))
		size, err := strconv.ParseUint(string(digits), 16, 32)
		if !found || err != nil || size == 0 || int(size) > len(rest) {
			return body
		}
		body, framed = append(body, rest[:size]...), bytes.TrimPrefix(rest[size:], []byte("\r\n"))
	}
}

func (m *Memory) answer(r *http.Request, object string, body []byte) *http.Response {
	content, found := m.objects[object]
	switch {
	case r.Method == http.MethodPut && !holds(r.Header, content, found):
		return answerWith(r, http.StatusPreconditionFailed, nil)
	case r.Method == http.MethodPut:
		if m.objects == nil {
			m.objects = map[string][]byte{}
		}
		m.objects[object] = body
		return answerWith(r, http.StatusOK, nil, "ETag", etag(body))
	case r.Method == http.MethodDelete:
		delete(m.objects, object)
		return answerWith(r, http.StatusNoContent, nil)
	case r.URL.Query().Has("list-type"):
		return answerWith(r, http.StatusOK, m.listing(r.URL.Query().Get("prefix")))
	case !found:
		return answerWith(r, http.StatusNotFound, []byte("<Error><Code>NoSuchKey</Code></Error>"))
	}
	return answerWith(r, http.StatusOK, content, "ETag", etag(content), "Last-Modified", "Tue, 24 Nov 2026 11:00:00 GMT")
}

// holds reports whether the condition of a write is met.
func holds(h http.Header, content []byte, found bool) bool {
	if want := h.Get("If-Match"); want != "" {
		return found && strings.Trim(want, `"`) == strings.Trim(etag(content), `"`)
	}
	return h.Get("If-None-Match") == "" || !found
}

func etag(content []byte) string { return fmt.Sprintf(`"%x"`, md5.Sum(content)) } //nolint:gosec // see above

func (m *Memory) listing(prefix string) []byte {
	type entry struct {
		Key          string
		LastModified string
		Size         int
	}
	list := struct {
		XMLName  xml.Name `xml:"ListBucketResult"`
		Contents []entry
	}{}
	for _, key := range slices.Sorted(maps.Keys(m.objects)) {
		if strings.HasPrefix(key, prefix) {
			list.Contents = append(list.Contents, entry{key, "2026-11-24T11:00:00.000Z", len(m.objects[key])})
		}
	}
	text, _ := xml.Marshal(list) // texts and numbers always encode
	return text
}

func answerWith(r *http.Request, status int, body []byte, header ...string) *http.Response {
	answer := &http.Response{
		StatusCode: status, Header: http.Header{}, Request: r,
		ContentLength: int64(len(body)), Body: io.NopCloser(bytes.NewReader(body)),
	}
	answer.Header.Set("Content-Length", fmt.Sprint(len(body)))
	for i := 0; i < len(header); i += 2 {
		answer.Header.Set(header[i], header[i+1])
	}
	return answer
}
