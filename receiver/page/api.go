package page

import (
	"cmp"
	"net/http"
	"strconv"
	"time"

	"destination-webhook/receiver/journal"
)

func queryOf(req *http.Request) (journal.Query, error) {
	v := req.URL.Query()
	after, err := strconv.ParseInt(cmp.Or(v.Get("after"), "0"), 10, 64)
	return journal.Query{After: after, Stream: v.Get("stream"), Key: v.Get("key"), Status: v.Get("status"), Text: v.Get("text")}, err
}

// findRequests answers with the requests that the query chooses, in the format that it names.
func (p *page) findRequests(w http.ResponseWriter, req *http.Request) {
	query, err := queryOf(req)
	if err != nil {
		writeJSON(w, http.StatusBadRequest, problem{"after", "expected the id of a request"})
		return
	}
	found := p.Journal.Find(query)
	switch format := cmp.Or(req.URL.Query().Get("format"), "json"); format {
	case "ids":
		ids := []int64{}
		for i := range found {
			ids = append(ids, found[i].ID)
		}
		writeJSON(w, http.StatusOK, ids)
	case "json":
		w.Header().Set("Content-Type", "application/json")
		_ = writeRequests(w, found, "[", ",", "]\n") // a client that is gone needs no answer
	case "ndjson":
		download(w, "application/x-ndjson", "requests.ndjson")
		_ = writeRequests(w, found, "", "\n", "\n")
	case "har":
		download(w, "application/json", "requests.har")
		_ = writeArchive(w, found)
	default:
		writeJSON(w, http.StatusBadRequest, problem{"format", "expected json, ndjson, har or ids"})
	}
}

// maxWait bounds how long one request waits.
const maxWait = 5 * time.Minute

// waitFor answers with the totals as soon as there are enough rows and requests, or after the
// timeout with 408.
func (p *page) waitFor(w http.ResponseWriter, req *http.Request) {
	v := req.URL.Query()
	rows, err1 := strconv.ParseInt(cmp.Or(v.Get("rows"), "0"), 10, 64)
	requests, err2 := strconv.ParseInt(cmp.Or(v.Get("requests"), "0"), 10, 64)
	timeout, err3 := time.ParseDuration(cmp.Or(v.Get("timeout"), "30s"))
	if err := cmp.Or(err1, err2, err3); err != nil || timeout < 0 {
		writeJSON(w, http.StatusBadRequest, problem{Error: "expected numbers of rows and requests, and a timeout such as 10s"})
		return
	}
	deadline := time.NewTimer(min(timeout, maxWait))
	defer deadline.Stop()
	for {
		totals, changed := p.Journal.Watch()
		if totals.Rows >= rows && totals.Answered >= requests {
			writeJSON(w, http.StatusOK, totals)
			return
		}
		select {
		case <-changed:
			continue
		case <-deadline.C:
		case <-p.Closing:
		case <-req.Context().Done():
		}
		writeJSON(w, http.StatusRequestTimeout, totals)
		return
	}
}

// reset forgets all requests and totals.
func (p *page) reset(w http.ResponseWriter, _ *http.Request) {
	p.Reset()
	w.WriteHeader(http.StatusNoContent)
}
