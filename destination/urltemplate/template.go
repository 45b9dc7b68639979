// Package urltemplate makes the URLs of requests from URI templates (RFC 6570) and the values of
// rows. A template has its variables in path and query only: which host is talked to is never a
// matter of values.
package urltemplate

import (
	"slices"
	"strings"

	"github.com/yosida95/uritemplate/v3"
)

// Template is a URL with variables, or one without, which is constant. It is safe for concurrent
// use.
type Template struct {
	text      string
	variables []variable
	library   *uritemplate.Template // nil: no variables
}

// Parse reads a template. The error is a *problem, which quotes nothing of it.
func Parse(address string) (*Template, error) {
	t := &Template{text: address}
	if !strings.ContainsAny(address, "{}") {
		return t, nil
	}
	s := scanner{text: address}
	if err := s.scan(); err != nil {
		return nil, err
	}
	library, err := uritemplate.New(address)
	if err != nil { // what it refuses besides: characters that are in no URL
		return nil, &problem{Text: "expected a URL of characters that URLs may have, others as %XX"}
	}
	t.variables, t.library = s.variables, library
	return t, nil
}

// problem is what is wrong with a template.
type problem struct{ Text string }

func (p *problem) Error() string { return p.Text }

// String returns the template as it was written.
func (t *Template) String() string { return t.text }

// NamesRow reports whether the URL depends on the row.
func (t *Template) NamesRow() bool { return slices.ContainsFunc(t.variables, variable.ofRow) }

// Fields returns the paths of the fields of a row's data that the template uses, in the order in
// which Values has them.
func (t *Template) Fields() (paths [][]string) {
	for _, v := range t.variables {
		if v.kind == dataField {
			paths = append(paths, v.path)
		}
	}
	return paths
}

// KeyFields returns how many fields a primary key needs for the template; 0 if it uses no key.
func (t *Template) KeyFields() (n int) {
	for _, v := range t.variables {
		if v.kind == primaryKey {
			n = max(n, 1, v.index+1)
		}
	}
	return n
}

// NeedsNamespace reports whether no URL can be made without a namespace.
func (t *Template) NeedsNamespace() bool {
	return slices.ContainsFunc(t.variables, func(v variable) bool { return v.kind == namespace && !v.optional })
}

// Fixed returns what precedes the first variable, whatever the values are.
func (t *Template) Fixed() string {
	fixed, _, _ := strings.Cut(t.text, "{")
	return fixed
}

// IsConstant reports whether the URL is the same for all values.
func (t *Template) IsConstant() bool { return t.library == nil }

// Literals returns what of the address is not up to the variables, as an address: without them, and
// without the members of the query that have one for their value.
func (t *Template) Literals() string {
	literals := t.text
	for {
		before, rest, found := strings.Cut(literals, "{")
		if !found {
			return literals
		}
		if path, _, query := strings.Cut(before, "?"); query && strings.HasSuffix(before, "=") {
			before = before[:max(len(path), strings.LastIndexByte(before, '&'))+1]
		}
		_, after, _ := strings.Cut(rest, "}")
		literals = before + after
	}
}
