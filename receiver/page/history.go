package page

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"

	"destination-webhook/receiver/journal"
)

// history is what came for one key.
type history struct {
	// Every accepted row has an emitted_at, so the order is known.
	Ordered   bool      `json:"ordered"`
	Overtaken int       `json:"overtaken"` // rows that were accepted after a later one
	Versions  []version `json:"versions"`  // in the order of the answers, the last ones within the bounds
	Left      int       `json:"left"`      // versions before those
}

type version struct {
	rowView
	Status    int    `json:"status"`
	Time      int64  `json:"time"` // Unix milliseconds
	Accepted  bool   `json:"accepted"`
	Duplicate bool   `json:"duplicate"`
	Overtaken bool   `json:"overtaken"`
	EmittedAt string `json:"emitted_at"`
}

const maxVersions = 200

// showHistory answers with every kept row of a key.
func (p *page) showHistory(w http.ResponseWriter, req *http.Request) {
	v := req.URL.Query()
	found := p.Journal.History(v.Get("stream"), v.Get("namespace"), v.Get("key"), maxVersions)
	h := history{Ordered: found.Ordered, Overtaken: found.Overtaken, Left: found.Left, Versions: []version{}}
	size := 0
	for i, v := range slices.Backward(found.Versions) {
		if size > rowsBytes {
			h.Left += i + 1
			break
		}
		view := versionOf(v)
		size += view.size()
		h.Versions = append(h.Versions, view)
	}
	slices.Reverse(h.Versions)
	writeJSON(w, http.StatusOK, h)
}

func versionOf(v journal.Version) version {
	return version{
		rowView: originated(v), Status: v.Request.Status, Time: v.Request.Time.UnixMilli(), Accepted: v.Accepted,
		Duplicate: v.Request.Duplicate, Overtaken: v.Overtaken, EmittedAt: string(v.EmittedAt),
	}
}

// originated is a row with the request that it came in.
func originated(v journal.Version) rowView {
	view := rowViewOf(v.Index, v.Row, v.Rejected)
	view.Request = v.Request.ID
	return view
}

// table is a part of what an endpoint has of a stream by now.
type table struct {
	rowPage
	Total      int            `json:"total"`
	Operations map[string]int `json:"operations"`
	Removed    int            `json:"removed"`
	Keyless    int            `json:"keyless"`
	Complete   bool           `json:"complete"`
	Cut        bool           `json:"cut"` // there are more keys than those of the total
}

// showTable answers with the rows of a keyed stream as they are now, in parts or as a file.
func (p *page) showTable(w http.ResponseWriter, req *http.Request) {
	v := req.URL.Query()
	t := p.Journal.Table(v.Get("stream"), v.Get("namespace"))
	if v.Get("format") == "ndjson" {
		writeTable(w, t)
		return
	}
	from, _ := strconv.Atoi(v.Get("from")) // 0 if it is no number
	part := table{rowPage{[]rowView{}, -1}, len(t.Rows), t.Operations, t.Removed, t.Keyless, t.Complete, t.Cut}
	size := 0
	for i := max(from, 0); i < len(t.Rows); i++ {
		if len(part.Rows) == shownRows || size > rowsBytes {
			part.Next = i
			break
		}
		view := originated(t.Rows[i])
		size += view.size()
		part.Rows = append(part.Rows, view)
	}
	writeJSON(w, http.StatusOK, part)
}

func writeTable(w http.ResponseWriter, t journal.Table) {
	download(w, "application/x-ndjson", "table.ndjson")
	lines := json.NewEncoder(w)
	lines.SetEscapeHTML(false)
	for _, v := range t.Rows {
		_ = lines.Encode(struct { // a client that is gone needs no answer
			PrimaryKey json.RawMessage `json:"primary_key"`
			Data       json.RawMessage `json:"data"`
		}{v.PrimaryKey, v.Data})
	}
}
