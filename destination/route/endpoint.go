package route

import (
	"net/http"
	"slices"

	"destination-webhook/destination/config"
	"destination-webhook/destination/urltemplate"
	"destination-webhook/protocol"
)

// Endpoint is where requests go, and what each of them carries.
type Endpoint struct {
	Method string
	URL    string // as the config has it: it may be a template
	// Read-only; Webhook-Id and what depends on the attempt are added when it is sent.
	Header   http.Header
	Bodyless bool // requests have no body

	template *urltemplate.Template // nil: the URL is constant
	fields   *protocol.Lookup      // of the template, in a row's data; nil if it has none
}

// newEndpoint makes the endpoint of a route that the config has checked.
func newEndpoint(r config.OperationRoute, header http.Header) *Endpoint {
	e := &Endpoint{Method: r.Method, URL: r.URL, Header: header, Bodyless: r.Body == config.NoBody}
	if e.Bodyless {
		e.Header = header.Clone()
		e.Header.Del("Content-Type")
	}
	if t, err := urltemplate.Parse(r.URL); err == nil && !t.IsConstant() {
		e.template = t
		if paths := t.Fields(); len(paths) > 0 {
			e.fields = protocol.NewLookup(paths...)
		}
	}
	return e
}

// NamesRow reports whether the URL depends on the row: such a request has one row.
func (e *Endpoint) NamesRow() bool { return e.template != nil && e.template.NamesRow() }

// To returns where rows of an operation go; rows that are upserted have none. Rows with equal
// endpoints can be in one request, unless the URL names the row.
func (r *Route) To(operation string) *Endpoint {
	if e := r.operations[operation]; e != nil {
		return e
	}
	return &r.Endpoint
}

// Address returns the URL of a request to one of the route's endpoints. The row's key, a JSON
// string or an array of strings, and its data count if the URL names the row. The error says why no
// URL can be made of them, and shows no value.
func (r *Route) Address(e *Endpoint, key, data []byte) (string, error) {
	if e.template == nil {
		return e.URL, nil
	}
	values := urltemplate.Values{Stream: r.Stream.Name, Namespace: r.Stream.Namespace, PrimaryKey: key}
	if e.fields != nil {
		values.Fields = e.fields.Find(data, nil)
	}
	return e.template.Expand(&values)
}

// Uniform reports whether all rows go to the endpoint of the route, in any request.
func (r *Route) Uniform() bool { return r.operations == nil && !r.NamesRow() }

// Operations returns the operations of the rows that are sent; upserted rows have none.
func (r *Route) Operations() []string { return r.used }

// SingleRows reports whether every request has one row.
func (r *Route) SingleRows() bool {
	shared := func(operation string) bool { return !r.To(operation).NamesRow() }
	return r.Payload.Format.HoldsOneRow() || len(r.used) > 0 && !slices.ContainsFunc(r.used, shared)
}

// Methods returns the methods of the requests, in the order of the operations.
func (r *Route) Methods() (methods []string) {
	for _, operation := range r.used {
		if m := r.To(operation).Method; !slices.Contains(methods, m) {
			methods = append(methods, m)
		}
	}
	return methods
}

// The operations by their names; payload has them as a type of its own.
const (
	added    = "added"
	changed  = "changed"
	removed  = "removed"
	upserted = ""
)

// operationsOf returns the operations of the rows that a mode sends. compared is set if there is a
// snapshot.
func operationsOf(mode config.SyncMode, compared bool) []string {
	switch {
	case mode == config.Insert, mode == config.Add:
		return []string{added}
	case mode == config.Remove:
		return []string{removed}
	case compared:
		return []string{added, changed, removed}
	}
	return []string{upserted, removed}
}

// direct gives each operation its endpoint; those that do not differ share one.
func (r *Route) direct(settings config.Stream, header http.Header) {
	o := settings.Operations
	base := config.OperationRoute{Method: settings.Method, URL: settings.URL, Body: config.RowBody}
	r.Endpoint = *newEndpoint(base, header)
	endpoints := map[config.OperationRoute]*Endpoint{base: &r.Endpoint}
	for operation, own := range map[string]config.OperationRoute{added: o.Added, changed: o.Changed, removed: o.Removed, upserted: o.Upserted} {
		e := endpoints[own]
		if e == nil {
			e = newEndpoint(own, header)
			endpoints[own] = e
		}
		if e != &r.Endpoint {
			if r.operations == nil {
				r.operations = make(map[string]*Endpoint)
			}
			r.operations[operation] = e
		}
	}
}
