package bucket_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"destination-webhook/destination/bucket"
)

// service is a transport that answers by a function.
type service func(*http.Request) (*http.Response, error)

func (s service) RoundTrip(r *http.Request) (*http.Response, error) { return s(r) }

// body is an answer's body that is made as it is read.
type body func(p []byte) (int, error)

func (b body) Read(p []byte) (int, error) { return b(p) }

func with(r *http.Request, content io.Reader, length int64) *http.Response {
	header := http.Header{"Etag": {`"e"`}, "Last-Modified": {"Tue, 24 Nov 2026 11:00:00 GMT"}}
	if length >= 0 {
		header.Set("Content-Length", fmt.Sprint(length))
	}
	return &http.Response{StatusCode: http.StatusOK, Header: header, ContentLength: length, Body: io.NopCloser(content), Request: r}
}

func over(t *testing.T, s service) *bucket.Bucket {
	t.Helper()
	b, err := bucket.New(bucket.Options{
		Endpoint: "http://127.0.0.1:1", Region: "us-east-1", Bucket: "rows", AccessKeyID: "id", SecretAccessKey: "secret", Transport: s,
	})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func call(ctx context.Context, b *bucket.Bucket, verb string) (err error) {
	switch verb {
	case "fetch":
		_, err = b.Fetch(ctx, "a", io.Discard, 1<<10)
	case "put":
		_, err = b.Put(ctx, "a", strings.NewReader("rows"), 4, bucket.IfAbsent())
	case "list":
		_, err = b.List(ctx, "a")
	case "remove":
		err = b.Remove(ctx, "a")
	}
	return err
}

// A service that hangs, at whatever point, ends a call within minutes.
func TestSilentServiceEndsCalls(t *testing.T) {
	hangs := func(r *http.Request) (int, error) {
		<-r.Context().Done()
		return 0, r.Context().Err()
	}
	services := map[string]service{
		"no answer": func(r *http.Request) (*http.Response, error) { _, err := hangs(r); return nil, err },
		"no body": func(r *http.Request) (*http.Response, error) {
			return with(r, body(func([]byte) (int, error) { return hangs(r) }), 100), nil
		},
		"a byte now and then": func(r *http.Request) (*http.Response, error) {
			return with(r, body(func(p []byte) (int, error) {
				select {
				case <-time.After(50 * time.Second):
					p[0] = ' '
					return 1, nil
				case <-r.Context().Done():
					return 0, r.Context().Err()
				}
			}), 1000), nil
		},
	}
	for name, s := range services {
		for _, verb := range []string{"fetch", "put", "list", "remove"} {
			if name != "no answer" && (verb == "put" || verb == "remove") {
				continue // their answers have no body to wait for
			}
			t.Run(verb+", "+name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					began := time.Now()
					err := call(t.Context(), over(t, s), verb)
					if !errors.Is(err, bucket.ErrSilent) || !strings.Contains(err.Error(), "127.0.0.1:1") {
						t.Errorf("got %v", err)
					}
					if took := time.Since(began); took > 6*time.Minute {
						t.Errorf("it took %v", took)
					}
				})
			})
		}
	}
}

// The end of a call's context, say by a signal, is what ended the call, whatever the library makes
// of an answer that broke off.
func TestEndOfTheContextIsNoRefusal(t *testing.T) {
	for _, verb := range []string{"fetch", "put", "list", "remove"} {
		synctest.Test(t, func(t *testing.T) {
			stopped := errors.New("stopped")
			ctx, stop := context.WithCancelCause(t.Context())
			time.AfterFunc(time.Second, func() { stop(stopped) })
			err := call(ctx, over(t, func(r *http.Request) (*http.Response, error) {
				return with(r, body(func(p []byte) (int, error) {
					select {
					case <-time.After(10 * time.Millisecond):
						p[0] = '<'
						return 1, nil
					case <-r.Context().Done():
						return 0, r.Context().Err()
					}
				}), 1<<20), nil
			}), verb)
			if err != nil && !errors.Is(err, stopped) {
				t.Errorf("%s: got %v", verb, err)
			}
		})
	}
}

// A try that hangs leaves time for the next one.
func TestSilenceIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tries := 0
		b := over(t, func(r *http.Request) (*http.Response, error) {
			if tries++; tries == 1 {
				<-r.Context().Done()
				return nil, r.Context().Err()
			}
			return with(r, strings.NewReader("rows"), 4), nil
		})
		if err := call(t.Context(), b, "fetch"); err != nil || tries != 2 {
			t.Errorf("after %d tries: %v", tries, err)
		}
	})
}

type refused struct{}

func (refused) Error() string   { return "refused by the guard" }
func (refused) Permanent() bool { return true }

// What no try will mend is tried once.
func TestRefusalIsNotTriedAgain(t *testing.T) {
	for _, verb := range []string{"fetch", "put", "list", "remove"} {
		synctest.Test(t, func(t *testing.T) {
			tries := 0
			b := over(t, func(*http.Request) (*http.Response, error) {
				tries++
				return nil, refused{}
			})
			if err := call(t.Context(), b, verb); !errors.Is(err, refused{}) || tries != 1 {
				t.Errorf("%s: %v after %d tries", verb, err, tries)
			}
		})
	}
}

// What moves is let move: an upload that takes longer than a silence may.
func TestSlowUploadGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := over(t, func(r *http.Request) (*http.Response, error) {
			for part := make([]byte, r.ContentLength/4); ; { // in five reads, as its end is read too
				select {
				case <-time.After(40 * time.Second):
				case <-r.Context().Done():
					return nil, r.Context().Err()
				}
				if _, err := r.Body.Read(part); err == io.EOF {
					return with(r, strings.NewReader(""), 0), nil
				}
			}
		})
		if err := call(t.Context(), b, "put"); err != nil {
			t.Error(err)
		}
	})
}

func TestServiceThatSendsTooMuch(t *testing.T) {
	const entry = "<Contents><Key>a</Key><LastModified>2026-11-24T11:00:00.000Z</LastModified></Contents>"
	endless := func(begin, text string) io.Reader {
		return io.MultiReader(strings.NewReader(begin), body(func(p []byte) (int, error) { return copy(p, text), nil }))
	}
	long := strings.Replace(entry, "<Key>a", "<Key>"+strings.Repeat("a", 2<<10), 1)
	page := "<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>n</NextContinuationToken>" +
		strings.Repeat(entry, 1000) + "</ListBucketResult>"
	for _, test := range []struct {
		name, verb string
		content    func() io.Reader
		length     int64
	}{
		{"an object without end", "fetch", func() io.Reader { return endless("", "x") }, -1},
		{"an object that is too long", "fetch", func() io.Reader { return strings.NewReader(strings.Repeat("x", 2<<10)) }, 2 << 10},
		{"a page without end", "list", func() io.Reader { return endless("<ListBucketResult>", entry) }, -1},
		{"a name that no object has", "list", func() io.Reader { return strings.NewReader("<ListBucketResult>" + long + "</ListBucketResult>") }, -1},
		{"pages without end", "list", func() io.Reader { return strings.NewReader(page) }, int64(len(page))},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { // the library's tries wait on its clock
				b := over(t, func(r *http.Request) (*http.Response, error) { return with(r, test.content(), test.length), nil })
				if err := call(t.Context(), b, test.verb); err == nil || !strings.Contains(err.Error(), "the service sent more than was asked for") {
					t.Errorf("got %v", err)
				}
			})
		})
	}
}

// An answer that is not one of S3 is reported as such, and nothing of it is shown.
func TestAnswersThatCannotBeRead(t *testing.T) {
	for _, test := range []struct{ verb, content string }{
		{"fetch", "hunter2"},
		{"list", "<html><hunter2></html>"},
		{"list", ""},
		{"list", "<ListBucketResult><Contents><Size>hunter2</Size></Contents></ListBucketResult>"},
		{"list", "<ListBucketResult><Contents><LastModified>hunter2</LastModified></Contents></ListBucketResult>"},
		{"list", "<ListBucketResult>" + strings.Repeat("<hunter2>", 20_000)},
	} {
		synctest.Test(t, func(t *testing.T) {
			b := over(t, func(r *http.Request) (*http.Response, error) {
				answer := with(r, strings.NewReader(test.content), -1)
				answer.Header.Set("Last-Modified", "hunter2")
				return answer, nil
			})
			err := call(t.Context(), b, test.verb)
			if err == nil || strings.Contains(err.Error(), "hunter2") || !strings.Contains(err.Error(), "the answer is not one of S3") {
				t.Errorf("%s, %.80q: got %v", test.verb, test.content, err)
			}
		})
	}
}
