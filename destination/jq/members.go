package jq

import (
	"slices"
	"strings"

	"github.com/itchyny/gojq"
)

// members are the names of those members of its input, if that is an object, on which the outputs
// of a program can depend. The others need not be decoded. nil: on any.
type members map[string]bool

// membersRead finds the members that a program reads. It follows the input through the parts of a
// program that hand it on as it is, up to the names that are looked up in it. If the input may get
// anywhere else, as in keys or . + {}, all members count.
func membersRead(query *gojq.Query) members {
	r := reader{members: make(members)}
	if r.query(query) {
		r.all = true // it is an output
	}
	if r.all {
		return nil
	}
	return r.members
}

// reader collects members. Its methods get a part of a program that runs on the input itself, and
// report whether that part may return the input as it is.
type reader struct {
	members members
	all     bool
}

func (r *reader) query(q *gojq.Query) bool {
	switch {
	case q == nil:
		return false
	case len(q.FuncDefs) > 0: // they may have any name
		r.all = true
		return false
	case q.Term != nil:
		return r.term(q.Term)
	}
	switch q.Op {
	case gojq.OpPipe:
		return r.pipe(q)
	case gojq.OpComma, gojq.OpAlt:
		left := r.query(q.Left)
		return r.query(q.Right) || left
	}
	r.values(q.Left, q.Right)
	// An update yields its input.
	r.all = r.all || guarded[q.Op] == "" && q.Op != gojq.OpAnd && q.Op != gojq.OpOr
	return false
}

func (r *reader) pipe(q *gojq.Query) bool {
	if len(q.Patterns) == 0 {
		return r.query(q.Left) && r.query(q.Right)
	}
	r.values(q.Left) // it gets another name
	for _, pattern := range q.Patterns {
		r.all = r.all || pattern.Name == ""
	}
	return r.query(q.Right)
}

// values are queries whose results are used in ways that are not followed.
func (r *reader) values(queries ...*gojq.Query) {
	for _, q := range queries {
		if r.query(q) {
			r.all = true
		}
	}
}

func (r *reader) term(t *gojq.Term) bool {
	isInput := r.bare(t)
	for _, s := range t.SuffixList {
		if s.Iter && isInput {
			r.all = true
		}
		if s.Index != nil {
			r.index(s.Index, isInput)
		}
		isInput = isInput && s.Optional
	}
	return isInput
}

// bare is a term without its suffixes.
func (r *reader) bare(t *gojq.Term) bool {
	switch t.Type {
	case gojq.TermTypeIdentity:
		return true
	case gojq.TermTypeQuery:
		return r.query(t.Query)
	case gojq.TermTypeIf:
		return r.branches(t.If)
	case gojq.TermTypeFunc:
		return r.call(t.Func)
	case gojq.TermTypeIndex:
		r.index(t.Index, true)
	case gojq.TermTypeObject:
		r.object(t.Object)
	case gojq.TermTypeArray:
		r.values(t.Array.Query)
	case gojq.TermTypeString:
		r.values(t.Str.Queries...)
	case gojq.TermTypeFormat:
		if r.all = r.all || t.Str == nil; !r.all {
			r.values(t.Str.Queries...)
		}
	case gojq.TermTypeNull, gojq.TermTypeTrue, gojq.TermTypeFalse, gojq.TermTypeNumber:
	default:
		r.all = true
	}
	return false
}

// index looks a name up, in the input or in another value.
func (r *reader) index(i *gojq.Index, isInput bool) {
	r.values(i.Start, i.End)
	name := i.Name
	if i.Str != nil {
		name = i.Str.Str
		r.values(i.Str.Queries...)
	}
	switch {
	case !isInput:
	case i.Start != nil || i.End != nil || i.Str != nil && i.Str.Queries != nil:
		r.all = true
	default:
		r.members[name] = true
	}
}

func (r *reader) object(o *gojq.Object) {
	for _, member := range o.KeyVals {
		key := member.KeyString
		switch {
		case key != nil && key.Queries != nil && member.Val == nil:
			r.all = true
		case key != nil && member.Val == nil:
			r.members[key.Str] = true
		case member.Val == nil && !strings.HasPrefix(member.Key, "$"):
			r.members[member.Key] = true
		}
		if key != nil {
			r.values(key.Queries...)
		}
		r.values(member.KeyQuery, member.Val)
	}
}

func (r *reader) branches(i *gojq.If) bool {
	r.query(i.Cond)
	isInput := r.query(i.Then)
	for _, elif := range i.Elif {
		r.query(elif.Cond)
		isInput = r.query(elif.Then) || isInput
	}
	return i.Else == nil || r.query(i.Else) || isInput
}

// inputless are the builtins that read nothing of their input themselves, but run their arguments
// on it.
var inputless = []string{"empty/0", "first/1", "last/1", "limit/2", "isempty/1", "range/1", "range/2", "error/1"}

// call is of a function or a variable. What a program defines itself is not followed.
func (r *reader) call(f *gojq.Func) bool {
	switch {
	case strings.HasPrefix(f.Name, "$"):
		return false
	case f.Name == "select" && len(f.Args) == 1:
		r.query(f.Args[0])
		return true
	// The second runs on what the first yields.
	case (f.Name == "any" || f.Name == "all") && len(f.Args) == 2:
		r.values(f.Args[0])
		return false
	case slices.Contains(inputless, builtin{f.Name, len(f.Args)}.String()):
		r.values(f.Args...)
		return false
	}
	r.all = true
	return false
}
