package receiver

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
)

// answer is what one request gets.
type answer struct {
	kind       Answer
	status     int // of kinds that have one
	fault      string
	problem    string // text for the sender, where the answer is an error
	retryAfter string
	rejected   []Rejection
}

// accepts says whether the rows that are not rejected count as accepted. Half an
// answer still has its status, so its rows count.
func (a answer) accepts() bool {
	return a.status >= 200 && a.status < 300
}

// decide chooses the answer: first the faults that look at no body, then what is
// wrong with the body, then the rows.
func decide(f Faults, failing, busy bool, in *Request, readErr error, rows []Row) answer {
	switch {
	case f.MaxBytes > 0 && in.WireBytes > f.MaxBytes:
		return answer{status: http.StatusRequestEntityTooLarge, fault: "max-bytes", problem: fmt.Sprintf("the body is larger than %d bytes", f.MaxBytes)}
	case busy:
		return answer{status: cmp.Or(f.CapacityStatus, http.StatusTooManyRequests), fault: "capacity", problem: "too many requests at once", retryAfter: f.RetryAfter}
	case failing:
		return fail(f)
	case readErr != nil:
		return answer{status: readStatus(readErr), problem: short(readErr.Error(), longestProblem)}
	case in.Signature != "" && in.Signature != SignatureValid:
		return answer{status: http.StatusUnauthorized, problem: in.Signature}
	case in.Problem != "":
		return answer{status: http.StatusBadRequest, problem: in.Problem}
	}
	rejected := reject(f, rows)
	switch {
	case len(rejected) == 0:
		return answer{status: http.StatusOK}
	case f.RejectRows:
		return answer{status: http.StatusOK, fault: "reject", rejected: rejected}
	}
	return answer{status: http.StatusBadRequest, fault: "reject", problem: "row " + strconv.Itoa(rejected[0].Index) + ": " + rejected[0].Reason}
}

// fail is the answer of a failing request.
func fail(f Faults) answer {
	a := answer{kind: f.Answer, fault: string(cmp.Or(f.Answer, AnswerStatus)), retryAfter: f.RetryAfter}
	switch f.Answer {
	case AnswerClose, AnswerHang:
	case AnswerHalf, AnswerWrongJSON:
		a.status = http.StatusOK
	case AnswerRedirect:
		a.status = http.StatusFound
		if f.Status >= 300 && f.Status < 400 {
			a.status = f.Status
		}
	default:
		a.status = cmp.Or(f.Status, http.StatusServiceUnavailable)
		a.problem = "this receiver was told to fail"
	}
	return a
}

func readStatus(err error) int {
	switch {
	case errors.Is(err, errBodyTooLarge):
		return http.StatusRequestEntityTooLarge
	case errors.Is(err, errUnknownEncoding):
		return http.StatusUnsupportedMediaType
	}
	return http.StatusBadRequest
}

// reject finds the rows that the faults refuse.
func reject(f Faults, rows []Row) []Rejection {
	if f.RejectField == "" {
		return nil
	}
	var rejected []Rejection
	reason := fmt.Sprintf("%s is %q", f.RejectField, f.RejectValue) // one text for all: there may be a million rows
	for i, row := range rows {
		if text, found := fieldText(row.Data, f.RejectField); found && text == f.RejectValue {
			rejected = append(rejected, Rejection{i, reason})
		}
	}
	return rejected
}

// fieldText is the text of the value at a path with dots: what a string says,
// the JSON of another value. A null is the text "null", not the empty one.
func fieldText(data json.RawMessage, path string) (text string, found bool) {
	for name := range strings.SplitSeq(path, ".") {
		var object map[string]json.RawMessage
		if json.Unmarshal(data, &object) != nil {
			return "", false
		}
		if data, found = object[name]; !found {
			return "", false
		}
	}
	if data[0] == '"' && json.Unmarshal(data, &text) == nil {
		return text, true
	}
	return string(data), true
}

// write gives the answer on the wire.
func (a answer) write(w http.ResponseWriter, in *Request) {
	switch a.kind {
	case AnswerClose, AnswerHang:
		breakOff(w, "")
	case AnswerHalf:
		breakOff(w, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{\"accepted\": ")
	case AnswerWrongJSON:
		a.respond(w, `{"rejected": [{"index": `)
	case AnswerRedirect:
		w.Header().Set("Location", "http://"+in.Host+"/moved")
		a.respond(w, "")
	default:
		a.respond(w, a.body())
	}
}

func (a answer) respond(w http.ResponseWriter, body string) {
	w.Header().Set("Content-Type", "application/json")
	if a.retryAfter != "" {
		w.Header().Set("Retry-After", a.retryAfter)
	}
	w.WriteHeader(a.status)
	if a.status != http.StatusNoContent && a.status != http.StatusNotModified {
		_, _ = io.WriteString(w, body) // a sender that is gone needs no answer
	}
}

func (a answer) body() string {
	var body bytes.Buffer
	content := struct {
		Error    string      `json:"error,omitempty"`
		Rejected []Rejection `json:"rejected,omitempty"`
	}{a.problem, a.rejected}
	_ = json.NewEncoder(&body).Encode(content) // strings and numbers always encode
	return body.String()
}

// breakOff writes text as it stands and resets the connection. Over HTTP/2, and
// where there is no connection to take over, the server resets the stream.
func breakOff(w http.ResponseWriter, text string) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	defer conn.Close()
	_, _ = io.WriteString(conn, text)
	if tcp, ok := conn.(*net.TCPConn); ok && text == "" {
		_ = tcp.SetLinger(0) // Close sends RST; half an answer ends by FIN, so that its half arrives
	}
}
