package page

import (
	"fmt"
	"net/http"
	"time"

	"destination-webhook/receiver/journal"
)

// The parts of HAR 1.2 that a request of ours has.
// http://www.softwareishard.com/blog/har-12-spec/
type (
	har struct {
		Log harLog `json:"log"`
	}
	harLog struct {
		Version string     `json:"version"`
		Creator harCreator `json:"creator"`
		Entries []harEntry `json:"entries"`
	}
	harCreator struct {
		Name    string `json:"name"`
		Version string `json:"version"`
	}
	harEntry struct {
		Started  string      `json:"startedDateTime"`
		Time     float64     `json:"time"` // milliseconds
		Request  harRequest  `json:"request"`
		Response harResponse `json:"response"`
		Cache    struct{}    `json:"cache"`
		Timings  harTimings  `json:"timings"`
	}
	harTimings struct {
		Send    float64 `json:"send"`
		Wait    float64 `json:"wait"`
		Receive float64 `json:"receive"`
	}
	harRequest struct {
		Method      string   `json:"method"`
		URL         string   `json:"url"`
		HTTPVersion string   `json:"httpVersion"`
		Cookies     []header `json:"cookies"`
		Headers     []header `json:"headers"`
		Query       []header `json:"queryString"`
		Body        harBody  `json:"postData"`
		HeadersSize int      `json:"headersSize"` // -1 for unknown
		BodySize    int64    `json:"bodySize"`
	}
	harResponse struct {
		Status      int      `json:"status"`
		StatusText  string   `json:"statusText"`
		HTTPVersion string   `json:"httpVersion"`
		Cookies     []header `json:"cookies"`
		Headers     []header `json:"headers"`
		Content     harBody  `json:"content"`
		RedirectURL string   `json:"redirectURL"`
		HeadersSize int      `json:"headersSize"`
		BodySize    int      `json:"bodySize"`
	}
	harBody struct {
		Type    string `json:"mimeType"`
		Text    string `json:"text"`
		Size    int    `json:"size"`
		Comment string `json:"comment,omitempty"`
	}
)

func harEntryOf(q *journal.Request) harEntry {
	none, took := []header{}, q.Duration.Seconds()*1000
	return harEntry{
		Started: q.Time.Format(time.RFC3339Nano), Time: took, Timings: harTimings{Wait: took},
		Request: harRequest{
			Method: q.Method, URL: "http://" + q.Host + maskedURL(q.URL), HTTPVersion: q.Proto, Cookies: none, Query: none,
			Headers: maskedHeaders(q.Header), HeadersSize: -1, BodySize: q.WireBytes,
			Body: harBodyOf(q),
		},
		Response: harResponse{
			Status: q.Status, StatusText: http.StatusText(q.Status), HTTPVersion: q.Proto, Cookies: none, Headers: none,
			Content: harBody{Type: "application/json", Text: q.Answer, Size: len(q.Answer)}, HeadersSize: -1, BodySize: len(q.Answer),
		},
	}
}

func harBodyOf(q *journal.Request) harBody {
	text, cut := journal.Cut(q.Body, maxArchived)
	body := harBody{Type: q.Header.Get("Content-Type"), Text: text, Size: len(q.Body)}
	if cut {
		body.Comment = fmt.Sprintf("the first %d MiB", maxArchived>>20)
	}
	return body
}
