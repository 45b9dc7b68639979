package destination

import (
	"slices"
	"strings"
)

// configProblems collects what is wrong, one problem a field: the first one
// reported is the root of what follows from it.
type configProblems struct {
	fields map[string]string
}

// add reports a problem of a field, unless the field or one that holds it has
// one already.
func (p *configProblems) add(field, problem string) {
	for known := range p.fields {
		if field == known || strings.HasPrefix(field, known+".") {
			return
		}
	}
	if p.fields == nil {
		p.fields = make(map[string]string)
	}
	p.fields[field] = problem
}

// err returns the problems as a *ConfigError, or nil if there are none.
func (p *configProblems) err() error {
	if len(p.fields) == 0 {
		return nil
	}
	lines := make([]string, 0, len(p.fields))
	for field, problem := range p.fields {
		lines = append(lines, field+": "+problem)
	}
	slices.Sort(lines)
	return &ConfigError{Problems: lines}
}
