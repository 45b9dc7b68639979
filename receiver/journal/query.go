package journal

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
)

// Query chooses kept requests. The zero value chooses all of them.
type Query struct {
	Stream string // its name, or namespace and name with a dot between them
	Key    string // of one of its rows, as KeyText returns it
	Status string // a status, a class such as 5xx, "failed" or "pending"
	After  int64  // only requests with a greater ID
	Text   string // in its path, its stream, its Webhook-Id or its body, in any case of letters
}

// Find returns the kept requests that the query chooses, in order of arrival.
func (j *Journal) Find(query Query) []Request {
	text := []byte(strings.ToLower(query.Text))
	return slices.DeleteFunc(j.Requests(), func(q Request) bool {
		return q.ID <= query.After ||
			query.Stream != "" && query.Stream != q.Stream && query.Stream != q.Namespace+"."+q.Stream ||
			query.Status != "" && !q.hasStatus(query.Status) ||
			len(text) > 0 && !q.contains(text) ||
			query.Key != "" && !q.HasKey(query.Key)
	})
}

func (q *Request) hasStatus(status string) bool {
	switch status {
	case "failed":
		return q.Done && (q.Status < 200 || q.Status > 299)
	case "pending":
		return !q.Done
	}
	return q.Done && (status == strconv.Itoa(q.Status) || status == strconv.Itoa(q.Status/100)+"xx")
}

// contains reports whether the request holds a text that is in lower case already.
func (q *Request) contains(lower []byte) bool {
	path, _, _ := strings.Cut(q.URL, "?") // a search must not reveal what the page masks
	head := strings.ToLower(strings.Join([]string{path, q.Namespace + "." + q.Stream, q.WebhookID}, "\n"))
	return strings.Contains(head, string(lower)) || bytes.Contains(bytes.ToLower(q.Body), lower)
}

// HasKey reports whether one of the rows has this primary key, as KeyText returns it.
func (q *Request) HasKey(key string) bool {
	return slices.ContainsFunc(q.EnvelopeRows(), func(r Row) bool { return KeyText(r.PrimaryKey) == key })
}
