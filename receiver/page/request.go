package page

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"

	"destination-webhook/receiver/journal"
)

// maxIndented bounds a body that is shown with line breaks, before and after they are put in; a
// larger one is shown as it came, up to here.
const maxIndented = 4 << 20

// withRequest passes the request that the path names.
func (p *page) withRequest(show func(http.ResponseWriter, *http.Request, *journal.Request)) http.HandlerFunc {
	return func(w http.ResponseWriter, req *http.Request) {
		id, err := strconv.ParseInt(req.PathValue("id"), 10, 64)
		q, found := p.Journal.Request(id)
		if err != nil || !found {
			writeJSON(w, http.StatusNotFound, problem{Error: "this request is no longer kept"})
			return
		}
		show(w, req, &q)
	}
}

func (p *page) showRequest(w http.ResponseWriter, _ *http.Request, q *journal.Request) {
	writeJSON(w, http.StatusOK, detailOf(q))
}

func (p *page) showRows(w http.ResponseWriter, req *http.Request, q *journal.Request) {
	writeJSON(w, http.StatusOK, rowsOf(q, rowQueryOf(req)))
}

// showValue answers with one value of a row in full, up to maxIndented.
func (p *page) showValue(w http.ResponseWriter, req *http.Request, q *journal.Request) {
	rows := q.EnvelopeRows()
	index, err := strconv.Atoi(req.PathValue("index"))
	if err == nil && index >= 0 && index < len(rows) {
		if value, found := journal.Member(rows[index].Data, req.URL.Query().Get("field")); found {
			w.Header().Set("Content-Type", "text/plain;charset=utf-8")
			_, _ = w.Write([]byte(journal.Short(journal.ValueText(value), maxIndented)))
			return
		}
	}
	writeJSON(w, http.StatusNotFound, problem{Error: "this row has no such field"})
}

// showBody answers with the body as it came, or with line breaks for people.
func (p *page) showBody(w http.ResponseWriter, req *http.Request, q *journal.Request) {
	body := q.Body
	if req.URL.Query().Get("format") == "indented" {
		w.Header().Set("Content-Type", "text/plain;charset=utf-8")
		var indented bytes.Buffer
		if indentedSize(body) <= maxIndented && json.Indent(&indented, body, "", indent) == nil {
			body = indented.Bytes()
		}
		text, _ := journal.Cut(body, maxIndented)
		_, _ = w.Write([]byte(text))
		return
	}
	download(w, "application/octet-stream", fmt.Sprintf("request-%d", q.ID))
	_, _ = w.Write(body) // a browser that is gone needs no answer
}

const indent = "  "

// indentedSize returns how large a JSON text becomes by its line breaks, or a number beyond
// maxIndented: deep ones grow by the square.
func indentedSize(body []byte) int {
	size, depth, inString, escaped := 0, 0, false, false
	for _, c := range body {
		size++
		switch {
		case escaped:
			escaped = false
		case inString:
			escaped, inString = c == '\\', c != '"'
		case c == '"':
			inString = true
		case c == '{' || c == '[':
			depth++
			size += 1 + depth*len(indent)
		case c == '}' || c == ']':
			depth--
			size += 1 + depth*len(indent)
		case c == ',':
			size += 1 + depth*len(indent)
		}
		if size > maxIndented {
			break
		}
	}
	return size
}
