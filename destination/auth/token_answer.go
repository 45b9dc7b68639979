package auth

import (
	"bytes"
	"encoding/json"
	"io"
	"math"
	"net/http"
	"strconv"
	"strings"
)

// maxAnswer bounds the answer of a token endpoint, in bytes.
const maxAnswer = 1 << 20

// lenientAnswers makes answers of token endpoints fit the oauth2 library. It takes JSON for a query
// if the content type is text/plain, and refuses a token whose lifetime is not a whole number.
type lenientAnswers struct{ base http.RoundTripper }

func (t *lenientAnswers) RoundTrip(req *http.Request) (*http.Response, error) {
	response, err := t.base.RoundTrip(req)
	if err != nil {
		return response, err
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	rest := io.Reader(http.NoBody)
	if err != nil {
		rest = failingReader{err}
	}
	if answer, ok := lenient(body); ok {
		response.Header.Set("Content-Type", "application/json")
		body = answer
	}
	response.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(body), rest), response.Body}
	return response, nil
}

// lenient returns a JSON object with its expires_in as a whole number, and false if body is not an
// object.
func lenient(body []byte) ([]byte, bool) {
	var members map[string]json.RawMessage
	if json.Unmarshal(bytes.TrimPrefix(body, []byte("\uFEFF")), &members) != nil || members == nil {
		return nil, false
	}
	if lifetime, ok := seconds(members["expires_in"]); ok {
		members["expires_in"] = strconv.AppendInt(nil, lifetime, 10)
	} else {
		delete(members, "expires_in") // unknown: the token is used until it is refused
	}
	answer, err := json.Marshal(members)
	return answer, err == nil
}

// seconds reads a lifetime, which some servers write as a text or with a fraction.
func seconds(value json.RawMessage) (int64, bool) {
	number, err := strconv.ParseFloat(strings.TrimSpace(strings.Trim(string(value), `"`)), 64)
	if err != nil && !math.IsInf(number, 1) || math.IsNaN(number) || number < 0 {
		return 0, false
	}
	return int64(min(number, math.MaxInt32)), true
}

type failingReader struct{ err error }

func (r failingReader) Read([]byte) (int, error) { return 0, r.err }
