package delivery

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"destination-webhook/destination/answer"

	"github.com/klauspost/compress/zstd"
)

func decode(t *testing.T, coding, body string) string {
	t.Helper()
	var r io.Reader = strings.NewReader(body)
	var err error
	switch coding {
	case "gzip":
		r, err = gzip.NewReader(r)
	case "zstd":
		var z *zstd.Decoder
		z, err = zstd.NewReader(r)
		defer z.Close()
		r = z
	}
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestCompression(t *testing.T) {
	for _, coding := range []string{"", "gzip", "zstd"} {
		t.Run(coding, func(t *testing.T) {
			bodies := []string{"{}", strings.Repeat(`{"sync_mode":"insert"}`, 1000), "", strings.Repeat("x", 3<<20)}
			var mu sync.Mutex
			got := make(map[string]int)
			c := New(Options{Retry: patient, Compression: coding, Transport: roundTrip(func(r *http.Request, body string) (*http.Response, error) {
				if int64(len(body)) != r.ContentLength {
					t.Errorf("Content-Length %d, body of %d bytes", r.ContentLength, len(body))
				}
				used := r.Header.Get("Content-Encoding")
				if body != "" && used != coding {
					t.Errorf("Content-Encoding %q, want %q", used, coding)
				}
				mu.Lock()
				got[decode(t, used, body)]++
				mu.Unlock()
				return reply(200, ""), nil
			})})
			var all sync.WaitGroup
			for range 4 {
				all.Go(func() {
					for _, body := range bodies {
						if _, err := c.Deliver(t.Context(), post(body)); err != nil {
							t.Error(err)
						}
					}
				})
			}
			all.Wait()
			for _, body := range bodies {
				if got[body] != 4 {
					t.Errorf("a body of %d bytes arrived %d times, want 4", len(body), got[body])
				}
			}
		})
	}
}

func TestCompressedOncePerDelivery(t *testing.T) {
	bubble(t, func(t *testing.T) {
		calls := 0
		n := 0
		c := New(Options{Retry: patient, Transport: roundTrip(func(*http.Request, string) (*http.Response, error) {
			if n++; n < 5 {
				return reply(500, ""), nil
			}
			return reply(200, ""), nil
		})})
		c.encode = encode{"test", func(b *bytes.Buffer, data []byte) { calls++; b.Write(data) }}
		if _, err := c.Deliver(t.Context(), post("{}")); err != nil || calls != 1 || n != 5 {
			t.Errorf("%d compressions in %d attempts (%v), want 1 in 5", calls, n, err)
		}
	})
}

// 415 may mean the compression: once more without, even when no retry is left, and not again for
// this endpoint.
func TestUnsupportedMediaTypeTurnsCompressionOff(t *testing.T) {
	var codings []string
	c := New(Options{Retry: RetryOptions{MaxAttempts: 1}, Compression: "gzip", Transport: roundTrip(func(r *http.Request, body string) (*http.Response, error) {
		coding := r.Header.Get("Content-Encoding")
		codings = append(codings, coding)
		if coding != "" {
			return reply(415, ""), nil
		}
		if body != "{}" {
			t.Errorf("got body %q", body)
		}
		return reply(200, ""), nil
	})})
	for range 2 {
		if _, err := c.Deliver(t.Context(), post("{}")); err != nil {
			t.Fatal(err)
		}
	}
	if got := strings.Join(codings, ","); got != "gzip,," {
		t.Errorf("codings were %q, want gzip and then twice none", got)
	}
}

// A 400 may mean the compression, and a refusal of each row would not say so.
func TestRefusedCompressedBodyNamesTheCompression(t *testing.T) {
	for compression, want := range map[string]bool{"zstd": true, "none": false} {
		c := New(Options{Retry: patient, Compression: compression, Transport: script(status(400))})
		_, err := c.Deliver(t.Context(), post("{}"))
		if f := failureOf(t, err); f.Kind != answer.Refused || strings.Contains(f.Advice, "compressed (zstd)") != want {
			t.Errorf("%s: %v", compression, f)
		}
	}
}

func TestUnsupportedMediaTypeWithoutCompressionIsFinal(t *testing.T) {
	n := 0
	c := New(Options{Retry: patient, Compression: "zstd", Transport: roundTrip(func(*http.Request, string) (*http.Response, error) {
		n++
		return reply(415, "json only"), nil
	})})
	_, err := c.Deliver(t.Context(), post("{}"))
	if f := failureOf(t, err); f.Kind != answer.Misconfigured || n != 2 || f.Excerpt != "json only" {
		t.Errorf("%v after %d requests: %v", f.Kind, n, f)
	}
}
