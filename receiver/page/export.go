package page

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"unicode/utf8"

	"destination-webhook/receiver/journal"
)

// exported is a request as programs get it, with its body as the member after the others.
type exported struct {
	summary
	Headers []header `json:"headers"`
	Answer  string   `json:"answer"`
}

// writeRequests writes requests as an array, or one a line. Nothing is cut, so a body is written in
// pieces: its escapes may take six times its memory.
func writeRequests(w io.Writer, requests []journal.Request, begin, between, end string) error {
	if _, err := io.WriteString(w, begin); err != nil {
		return err
	}
	for i := range requests {
		if i > 0 {
			if _, err := io.WriteString(w, between); err != nil {
				return err
			}
		}
		if err := writeRequest(w, &requests[i]); err != nil {
			return err
		}
	}
	_, err := io.WriteString(w, end)
	return err
}

func writeRequest(w io.Writer, q *journal.Request) error {
	head, err := json.Marshal(exported{summaryOf(q), maskedHeaders(q.Header), q.Answer})
	if err != nil {
		return err
	}
	if _, err := w.Write(append(bytes.TrimSuffix(head, []byte("}")), `,"body":`...)); err != nil {
		return err
	}
	if err := writeText(w, q.Body); err != nil {
		return err
	}
	_, err = io.WriteString(w, "}")
	return err
}

// textPiece is how much of a text is escaped at a time, in bytes.
const textPiece = 64 << 10

// writeText writes a text as a JSON string, in pieces of whole characters.
func writeText(w io.Writer, text []byte) error {
	if _, err := io.WriteString(w, `"`); err != nil {
		return err
	}
	for len(text) > 0 {
		n := wholeCharacters(text, textPiece)
		escaped, err := json.Marshal(string(text[:n]))
		if err != nil {
			return err
		}
		if _, err := w.Write(escaped[1 : len(escaped)-1]); err != nil {
			return err
		}
		text = text[n:]
	}
	_, err := io.WriteString(w, `"`)
	return err
}

// wholeCharacters returns a length of about limit at which a text can be parted.
func wholeCharacters(text []byte, limit int) int {
	if len(text) <= limit {
		return len(text)
	}
	for n := limit; n > limit-utf8.UTFMax; n-- {
		if utf8.RuneStart(text[n]) {
			return n
		}
	}
	return limit // it is no UTF-8
}

// maxArchived bounds a body in an HTTP archive, in bytes: what reads one holds all of it.
const maxArchived = 4 << 20

// writeArchive writes requests as an HTTP archive, masked as the page masks them, one at a time.
func writeArchive(w io.Writer, requests []journal.Request) error {
	const end = "]}}"
	frame, err := json.Marshal(har{harLog{Version: "1.2", Creator: harCreator{"destination-webhook receive", "1"}, Entries: []harEntry{}}})
	if err != nil {
		return err
	}
	if _, err := w.Write(bytes.TrimSuffix(frame, []byte(end))); err != nil {
		return err
	}
	for i := range requests {
		entry, err := json.Marshal(harEntryOf(&requests[i]))
		if err != nil {
			return err
		}
		if i > 0 {
			entry = append([]byte(","), entry...)
		}
		if _, err := w.Write(entry); err != nil {
			return err
		}
	}
	_, err = io.WriteString(w, end)
	return err
}

func download(w http.ResponseWriter, contentType, name string) {
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Content-Disposition", `attachment;filename="`+name+`"`)
}
