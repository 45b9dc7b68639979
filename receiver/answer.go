package receiver

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"

	"destination-webhook/destination/jsonschema"
	"destination-webhook/receiver/faults"
	"destination-webhook/receiver/journal"
)

// answer is what one request gets.
type answer struct {
	journal.Outcome
	kind       faults.Answer
	problem    string // text for the sender if the answer is an error
	retryAfter string

	contentType string // "" for JSON
	own         bool   // Body is somebody else's
}

// refuse returns the answer of a request that is wrong or of a fault.
func refuse(status int, fault, problem string) answer {
	return answer{Outcome: journal.Outcome{Status: status, Fault: fault}, problem: problem}
}

// decide chooses the answer: first the faults that look at no body, then what is wrong with the
// body, then the rows.
func (r *Receiver) decide(f Faults, failing, busy bool, in *Request, readErr error, rows []Row) answer {
	switch {
	case f.MaxBytes > 0 && in.WireBytes > f.MaxBytes:
		return refuse(http.StatusRequestEntityTooLarge, "max-bytes", fmt.Sprintf("the body is larger than %d bytes", f.MaxBytes))
	case busy:
		a := refuse(cmp.Or(f.CapacityStatus, http.StatusTooManyRequests), "capacity", "too many requests at once")
		a.retryAfter = f.RetryAfter
		return a
	case failing:
		return fail(f)
	case readErr != nil:
		return unreadable(readErr)
	case in.Signature != "" && in.Signature != SignatureValid:
		return refuse(http.StatusUnauthorized, "", in.Signature)
	case in.Problem != "":
		return refuse(http.StatusBadRequest, "", in.Problem)
	case in.Manifest != nil:
		if problem := r.journal.Judge(in); problem != "" {
			return refuse(http.StatusConflict, "", problem)
		}
		return answer{Outcome: journal.Outcome{Status: http.StatusOK}}
	}
	rejected := reject(f, rows)
	violations := violationsOf(r.options.Schema, rows)
	switch {
	case len(rejected) == 0 && len(violations) > 0:
		return answer{Outcome: journal.Outcome{Status: http.StatusOK, Fault: "schema", Rejected: violations}}
	case len(rejected) == 0:
		return answer{Outcome: journal.Outcome{Status: http.StatusOK}}
	case f.RejectRows:
		return answer{Outcome: journal.Outcome{Status: http.StatusOK, Fault: "reject", Rejected: rejected}}
	}
	return refuse(http.StatusBadRequest, "reject", "row "+strconv.Itoa(rejected[0].Index)+": "+rejected[0].Reason)
}

// fail returns the answer of a failing request.
func fail(f Faults) answer {
	a := answer{kind: f.Answer, retryAfter: f.RetryAfter}
	a.Fault = string(cmp.Or(f.Answer, AnswerStatus))
	switch f.Answer {
	case AnswerClose, AnswerHang:
	case AnswerHalf, AnswerWrongJSON:
		a.Status = http.StatusOK
	case AnswerRedirect:
		a.Status = http.StatusFound
		if f.Status >= 300 && f.Status < 400 {
			a.Status = f.Status
		}
	default:
		a.Status = cmp.Or(f.Status, http.StatusServiceUnavailable)
		a.problem = "this receiver was told to fail"
	}
	return a
}

// unreadable returns the answer of a request whose header or body was not read.
func unreadable(err error) answer {
	a := refuse(readStatus(err), "", journal.Short(err.Error(), journal.MaxProblem))
	if a.Status == http.StatusServiceUnavailable {
		a.retryAfter = "1"
	}
	return a
}

func readStatus(err error) int {
	switch {
	case errors.Is(err, errTooManyBodies), errors.Is(err, errTooManyRows):
		return http.StatusServiceUnavailable
	case errors.Is(err, errTooManyFields):
		return http.StatusRequestHeaderFieldsTooLarge
	case errors.Is(err, errBodyTooLarge):
		return http.StatusRequestEntityTooLarge
	case errors.Is(err, errUnknownEncoding):
		return http.StatusUnsupportedMediaType
	}
	return http.StatusBadRequest
}

// reject returns the rows that the faults reject.
func reject(f Faults, rows []Row) []Rejection {
	if f.RejectField == "" {
		return nil
	}
	var rejected []Rejection
	// One text for all: there may be a million rows.
	reason := fmt.Sprintf("%s is %q", f.RejectField, f.RejectValue)
	for i, row := range rows {
		if text, found := journal.FieldText(row.Data, f.RejectField); found && text == f.RejectValue {
			rejected = append(rejected, Rejection{Index: i, Reason: reason})
		}
	}
	return rejected
}

// violationsOf returns the rows whose data does not fit the schema. A removed row may have nothing but
// its key.
func violationsOf(s *jsonschema.Schema, rows []Row) (rejected []Rejection) {
	if s == nil {
		return nil
	}
	for i, row := range rows {
		if row.Operation == "removed" {
			continue
		}
		if reason := s.Check(row.Data); reason != "" {
			rejected = append(rejected, Rejection{Index: i, Reason: reason})
		}
	}
	return rejected
}

// content returns the body of the answer.
func (a answer) content() string {
	switch a.kind {
	case AnswerStatus, "":
		if a.own {
			return a.Body
		}
	case AnswerClose, AnswerHang, AnswerRedirect:
		return ""
	case AnswerHalf:
		return `{"accepted": `
	case AnswerWrongJSON:
		return `{"rejected": [{"index": `
	}
	return a.body()
}

// write sends the answer.
func (a answer) write(w http.ResponseWriter, in *Request) {
	switch a.kind {
	case AnswerClose, AnswerHang:
		breakOff(w, "")
	case AnswerHalf:
		breakOff(w, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n"+a.Body)
	case AnswerRedirect:
		w.Header().Set("Location", "http://"+in.Host+"/moved")
		a.respond(w)
	default:
		a.respond(w)
	}
}

func (a answer) respond(w http.ResponseWriter) {
	w.Header().Set("Content-Type", cmp.Or(a.contentType, "application/json"))
	if a.retryAfter != "" {
		w.Header().Set("Retry-After", a.retryAfter)
	}
	w.WriteHeader(a.Status)
	if a.Status != http.StatusNoContent && a.Status != http.StatusNotModified {
		_, _ = io.WriteString(w, a.Body) // a sender that is gone needs no answer
	}
}

func (a answer) body() string {
	var body bytes.Buffer
	content := struct {
		Error    string      `json:"error,omitempty"`
		Rejected []Rejection `json:"rejected,omitempty"`
	}{a.problem, a.Rejected}
	_ = json.NewEncoder(&body).Encode(content) // strings and numbers always encode
	return body.String()
}

// breakOff writes text as it is and resets the connection. Over HTTP/2, and if there is no
// connection to take over, the server resets the stream.
func breakOff(w http.ResponseWriter, text string) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	defer conn.Close()
	_, _ = io.WriteString(conn, text)
	if tcp, ok := conn.(interface{ SetLinger(seconds int) error }); ok && text == "" {
		_ = tcp.SetLinger(0) // Close sends RST; half an answer ends with FIN, so that its half arrives
	}
}
