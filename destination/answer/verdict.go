package answer

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Verdict is what a success says of one row of its request. The answer's body has them in a list:
//
//	{"rejected":[{"index":3,"reason":"no such country"},{"primary_key":"user-7","retry":true}]}
//
// An entry names a row by its index in the request, or the rows of a primary key as it was sent.
type Verdict struct {
	Place  int // of the row in the request
	Reason string
	Retry  bool // the endpoint wants the row once more
}

// Unclear is the error of an answer that could reject rows and cannot be read: its rows must not
// count as delivered.
type Unclear struct {
	Problem string // a clause, such as "its index is no whole number"
	Quote   []byte // what was not understood, as the endpoint wrote it; empty: the body says nothing
	Unread  bool   // the user's program could not read the body at all
}

func (e *Unclear) Error() string { return e.Problem }

// maxEntry bounds what an error quotes of an answer, in bytes, before it is masked.
const maxEntry = 4 << 10

func unclear(quote []byte, problem string, args ...any) error {
	return &Unclear{Problem: fmt.Sprintf(problem, args...), Quote: quote[:min(len(quote), maxEntry)]}
}

// ReadVerdicts reads what an answer says of single rows, as the user's program reads it if there is
// one. Otherwise a body without a member "rejected" says nothing of them: endpoints answer
// anything. A body that has one, in any case of letters, is read whole. Each entry is attributed to
// rows, or the error is an *Unclear. So is that of a 207, which says that the rows fared
// differently, without that member.
func (r *Rules) ReadVerdicts(status int, encoding string, body []byte, rows *Rows) ([]Verdict, error) {
	entries, err := r.entries(status, encoding, body)
	if err != nil {
		return nil, err
	}
	var verdicts []Verdict
	for _, entry := range entries {
		if verdicts, err = appendVerdicts(verdicts, entry, rows); err != nil {
			return nil, err
		}
	}
	return verdicts, nil
}

func (r *Rules) entries(status int, encoding string, body []byte) ([]jsontext.Value, error) {
	if r != nil && r.RejectedRows != nil {
		return r.readRejected(status, encoding, body)
	}
	body, err := plainText(encoding, body)
	if err != nil {
		return nil, err
	}
	list, found, err := rejectedMember(body)
	_, named := r.named(status)
	switch {
	case err != nil:
		return nil, err
	case !found && status == http.StatusMultiStatus && !named:
		return nil, unclear(body, `it has no list "rejected" that says which rows`)
	case !found:
		return nil, nil
	}
	return entriesOf(list)
}

// rejectedMember returns the value of a body's member "rejected".
func rejectedMember(body []byte) (value jsontext.Value, found bool, err error) {
	if body = bytes.TrimLeft(body, " \t\r\n"); !bytes.HasPrefix(body, []byte("{")) {
		return nil, false, nil
	}
	d := jsontext.NewDecoder(bytes.NewReader(body), lenient)
	_, err = d.ReadToken()
	for err == nil && d.PeekKind() == '"' {
		var name jsontext.Token
		if name, err = d.ReadToken(); err != nil {
			break
		}
		ours := strings.EqualFold(name.String(), "rejected")
		if ours && found {
			return nil, false, unclear(body, `it has two members "rejected"`)
		}
		var member jsontext.Value
		if member, err = d.ReadValue(); err == nil && ours {
			value, found = member.Clone(), true
		}
	}
	rest := body[d.InputOffset():]
	if err == nil && bytes.Equal(bytes.TrimRight(rest, " \t\r\n"), []byte("}")) {
		return value, found, nil
	}
	if found || bytes.Contains(bytes.ToLower(body), []byte(`"rejected"`)) {
		return nil, false, unclear(body, `it has a member "rejected" and is no JSON object from its beginning to its end`)
	}
	return nil, false, nil
}

// entriesOf returns the entries of the list. Null, false and 0 say that there are none.
func entriesOf(list jsontext.Value) ([]jsontext.Value, error) {
	switch text := string(list); {
	case text == "null", text == "false", text == "0":
		return nil, nil
	case list.Kind() != '[':
		return nil, unclear(list, `its "rejected" is no list`)
	}
	var entries []jsontext.Value
	if unmarshal(list, &entries) != nil {
		return nil, unclear(list, `its "rejected" is no list`)
	}
	return entries, nil
}

func unmarshal(value jsontext.Value, into any) error { return json.Unmarshal(value, into, lenient) }

// lenient accepts what JSON's grammar does not forbid, as other programs write it.
var lenient = json.JoinOptions(jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
