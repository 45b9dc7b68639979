package receiver_test

import (
	"bytes"
	"io"
	"net/http/httptest"
	"testing"
	"testing/iotest"

	"destination-webhook/receiver"
)

// A sender that is gone before the first byte of its body has sent nothing, whatever the encoding
// is: no row of it counts, not even one without fields.
func TestBodyCutBeforeItsFirstByte(t *testing.T) {
	for _, encoding := range []string{"identity", "gzip", "zstd"} {
		var rows bytes.Buffer
		r := receiver.New(receiver.Options{Rows: &rows})
		req := httptest.NewRequest("POST", "http://localhost/hook", iotest.ErrReader(io.ErrUnexpectedEOF))
		req.ContentLength = 50
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Content-Encoding", encoding)
		w := httptest.NewRecorder()
		r.ServeHTTP(w, req)
		if w.Code != 400 || rows.Len() > 0 {
			t.Errorf("%s: %d, rows %q", encoding, w.Code, &rows)
		}
	}
}
