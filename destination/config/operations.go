package config

import (
	"cmp"
	"fmt"
	"net/http"
	"strings"

	"destination-webhook/destination/urltemplate"
	"destination-webhook/protocol"
)

// Operations has a route for the rows of each operation. Rows whose operation is not known are
// upserted.
type Operations struct {
	Added    OperationRoute `json:"added"`
	Changed  OperationRoute `json:"changed"`
	Removed  OperationRoute `json:"removed"`
	Upserted OperationRoute `json:"upserted"`
}

// OperationRoute is how the rows of one operation are sent. In Config and Config.Streams an empty
// field leaves it to others, see Overrides.Stream.
type OperationRoute struct {
	Method string `json:"method"`
	URL    string `json:"url"` // may be a template, see urltemplate
	Body   Body   `json:"body"`
}

// Body is what a request has for a body.
type Body string

// The bodies of requests.
const (
	RowBody Body = "row"
	NoBody  Body = "none"
)

// each calls f with the name and the route of each operation.
func (o *Operations) each(f func(name string, r *OperationRoute)) {
	f("added", &o.Added)
	f("changed", &o.Changed)
	f("removed", &o.Removed)
	f("upserted", &o.Upserted)
}

// or returns the routes with their empty fields filled from others.
func (o Operations) or(others Operations) Operations {
	routes := []OperationRoute{others.Added, others.Changed, others.Removed, others.Upserted}
	o.each(func(_ string, r *OperationRoute) {
		other := routes[0]
		routes = routes[1:]
		*r = OperationRoute{cmp.Or(r.Method, other.Method), cmp.Or(r.URL, other.URL), cmp.Or(r.Body, other.Body)}
	})
	return o
}

// all returns the same route for every operation.
func all(r OperationRoute) Operations { return Operations{r, r, r, r} }

// withBodies fills the bodies that are left out: a DELETE whose URL names the row says all of it.
func (o Operations) withBodies(namesRow func(address string) bool) Operations {
	o.each(func(_ string, r *OperationRoute) {
		if r.Body != "" {
			return
		}
		if r.Body = RowBody; r.Method == http.MethodDelete && namesRow(r.URL) {
			r.Body = NoBody
		}
	})
	return o
}

// namesRow reports whether an address is a template with variables of the row.
func namesRow(address string) bool {
	t, err := urltemplate.Parse(address)
	return err == nil && t.NamesRow()
}

// checkOperations adds what is wrong with the routes that are written at one place of the config.
func (c *Config) checkOperations(problems *problemList, field string, o Operations) {
	o.each(func(name string, r *OperationRoute) {
		c.checkEndpoint(problems, field+"."+name+".url", r.URL)
	})
}

// checkBodies adds the routes of a stream, or of all without overrides, of which no request would
// say which row it is about. own is the override of the stream at a field; the problem is that of
// the place where body or URL are written.
func (o Overrides) checkBodies(problems *problemList, field string, own Stream, id protocol.StreamDescriptor) {
	written := make(map[string]OperationRoute)
	own.Operations.each(func(name string, r *OperationRoute) { written[name] = *r })
	settings := o.Stream(id)
	settings.Operations.each(func(name string, r *OperationRoute) {
		if r.Body != NoBody || o.nameRow(r.URL) {
			return
		}
		const noURL = "expected a url that names the row, such as https://api.example.com/users/{primary_key}, as operations.%s.body is none: no request would say which row it is about"
		const noBody = "expected row, or a url that names the row, such as https://api.example.com/users/{primary_key}: no request would say which row it is about"
		switch at := written[name]; {
		case at.Body != "":
			problems.add(field+".operations."+name+".body", noBody)
		case at.URL != "":
			problems.add(field+".operations."+name+".url", fmt.Sprintf(noURL, name))
		case own.URL != "":
			problems.add(field+".url", fmt.Sprintf(noURL, name))
		default:
			problems.add("operations."+name+".body", noBody)
		}
	})
}

// checkEndpoint adds what is wrong with an address of an endpoint, which may be a template.
func (c *Config) checkEndpoint(problems *problemList, field, address string) {
	if address == "" {
		return // required by the schema, or left to another setting
	}
	problem := urlProblem(address)
	if template := templateProblem(address); template != "" && (problem == "" || problem == malformedURL) {
		problem = template // more precise than that it is no URL
	}
	if problem != "" {
		problems.add(field, problem)
	}
	c.checkSignedPath(problems, field, address)
}

func templateProblem(address string) string {
	if !strings.ContainsAny(address, "{}") {
		return ""
	}
	if _, err := urltemplate.Parse(address); err != nil {
		return err.Error()
	}
	return ""
}

// CheckURL returns the URL of a connection check: what precedes the first variable, since there is
// no row to check with.
func (c *Config) CheckURL() string { return fixed(c.URL) }

// fixed returns what precedes the first variable of an address.
func fixed(address string) string {
	if t, err := urltemplate.Parse(address); err == nil {
		return t.Fixed()
	}
	return address
}

// Address is the URL of an endpoint, and the name of the field that has it.
type Address struct{ Field, URL string }

// Addresses returns the URLs of the config to which rows and manifests are sent, as they are
// written.
func (c *Config) Addresses() []Address {
	addresses := []Address{{"url", c.URL}}
	if c.Manifest.URL != "" {
		addresses = append(addresses, Address{"manifest.url", c.Manifest.URL})
	}
	operations := func(field string, o Operations) {
		o.each(func(name string, r *OperationRoute) {
			if r.URL != "" {
				addresses = append(addresses, Address{field + "." + name + ".url", r.URL})
			}
		})
	}
	operations("operations", c.Operations)
	for i, s := range c.Streams {
		field := fmt.Sprintf("streams.%d", i)
		if s.URL != "" {
			addresses = append(addresses, Address{field + ".url", s.URL})
		}
		operations(field+".operations", s.Operations)
	}
	return addresses
}
