package answer

import (
	"bytes"
	"errors"
	"net/http"

	"github.com/go-json-experiment/json/jsontext"

	"destination-webhook/destination/jq"
)

// run runs a program on the body of an answer and returns its outputs as JSON.
func run(p *jq.Program, encoding string, body []byte) ([]jsontext.Value, error) {
	body, err := plainText(encoding, body)
	if err != nil {
		return nil, err
	}
	if body = bytes.TrimSpace(body); len(body) == 0 {
		return nil, unclear(nil, "its body is empty")
	}
	if !jsontext.Value(body).IsValid(lenient) {
		return nil, unclear(body, "its body is not JSON")
	}
	var outputs []jsontext.Value
	err = p.Run(body, nil, func(output any) error {
		outputs = append(outputs, jq.Append(nil, output))
		return nil
	})
	if err != nil {
		return nil, unclear(body, "%v", err)
	}
	return outputs, nil
}

// readRejected returns the entries that the user's program makes of a body. An empty body has none.
func (r *Rules) readRejected(status int, encoding string, body []byte) ([]jsontext.Value, error) {
	if len(bytes.TrimSpace(body)) == 0 && status != http.StatusMultiStatus {
		return nil, nil
	}
	entries, err := run(r.RejectedRows, encoding, body)
	var u *Unclear
	if errors.As(err, &u) {
		return nil, &Unclear{Problem: "answers.rejected_rows cannot read it, " + u.Problem, Quote: u.Quote, Unread: true}
	}
	return entries, err
}
