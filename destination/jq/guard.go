package jq

import (
	"reflect"
	"strings"

	"github.com/itchyny/gojq"
)

// guarded are the operators that are replaced by a function of the prelude, which measures both
// sides first.
var guarded = map[gojq.Operator]string{
	gojq.OpAdd: "_o_add", gojq.OpSub: "_o_subtract", gojq.OpMul: "_o_multiply", gojq.OpDiv: "_o_divide", gojq.OpMod: "_o_modulo",
	gojq.OpEq: "_o_equal", gojq.OpNe: "_o_notequal", gojq.OpGt: "_o_greater", gojq.OpLt: "_o_less", gojq.OpGe: "_o_greatereq", gojq.OpLe: "_o_lesseq",
}

// updates are the operators of arithmetic updates.
var updates = map[gojq.Operator]gojq.Operator{
	gojq.OpUpdateAdd: gojq.OpAdd, gojq.OpUpdateSub: gojq.OpSub, gojq.OpUpdateMul: gojq.OpMul,
	gojq.OpUpdateDiv: gojq.OpDiv, gojq.OpUpdateMod: gojq.OpMod,
}

// operand is the variable that holds the right side of an update.
const operand = "$_operand"

// guardQuery rewrites a program; see guard.
func guardQuery(q *gojq.Query) { guard(reflect.ValueOf(q)) }

// guard rewrites a program so that what can make or read much in one step is measured first. It
// keeps what the program means. v is a pointer to any part of the program.
func guard(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			guard(v.Elem())
			guardNode(v.Interface())
		}
	case reflect.Struct:
		for i := range v.NumField() {
			guard(v.Field(i))
		}
	case reflect.Slice:
		for i := range v.Len() {
			guard(v.Index(i))
		}
	}
}

// guardNode rewrites one node whose children are rewritten already.
func guardNode(node any) {
	switch n := node.(type) {
	case *gojq.Query:
		guardOperator(n)
	case *gojq.Term:
		guardTerm(n)
	case *gojq.Index:
		if n.Str != nil && n.Str.Queries != nil {
			n.Start, n.Str = concatenation(n.Str, ""), nil
		}
	case *gojq.ObjectKeyVal:
		if n.KeyString != nil && n.KeyString.Queries != nil {
			n.KeyQuery, n.KeyString = concatenation(n.KeyString, ""), nil
			if n.Val == nil { // {"a\(.b)"} is {"a\(.b)": ."a\(.b)"}
				n.Val = &gojq.Query{Term: &gojq.Term{Type: gojq.TermTypeIndex, Index: &gojq.Index{Start: n.KeyQuery}}}
			}
		}
	case *gojq.PatternObject:
		if n.KeyString != nil && n.KeyString.Queries != nil {
			n.KeyQuery, n.KeyString = concatenation(n.KeyString, ""), nil
		}
	}
}

func guardOperator(q *gojq.Query) {
	if name := guarded[q.Op]; name != "" && q.Left != nil {
		*q = *call(name, q.Right, q.Left)
		return
	}
	if op := updates[q.Op]; op != 0 { // L += R is R as $x | L |= . + $x
		value := call(guarded[op], call(operand), identity())
		*q = gojq.Query{
			Op: gojq.OpPipe, Left: q.Right, Patterns: []*gojq.Pattern{{Name: operand}},
			Right: pipe(call("_grown", q.Left), &gojq.Query{Op: gojq.OpModify, Left: q.Left, Right: value}),
		}
		return
	}
	if q.Op == gojq.OpAssign || q.Op == gojq.OpModify || q.Op == gojq.OpUpdateAlt {
		update := *q
		*q = *pipe(call("_grown", q.Left), &update)
	}
}

func guardTerm(t *gojq.Term) {
	suffixes := t.SuffixList
	t.SuffixList = nil
	switch {
	case t.Str != nil && t.Str.Queries != nil:
		*t = gojq.Term{Type: gojq.TermTypeQuery, Query: concatenation(t.Str, t.Format)}
	case t.Type == gojq.TermTypeFormat && t.Str == nil:
		*t = gojq.Term{Type: gojq.TermTypeQuery, Query: formatted(t.Format)}
	case t.Type == gojq.TermTypeRecurse:
		*t = *call("recurse").Term
	case t.Type == gojq.TermTypeIndex && t.Index.IsSlice:
		suffixes = append([]*gojq.Suffix{{Index: t.Index}}, suffixes...)
		*t = *identity().Term
	}
	for _, s := range suffixes {
		if s.Iter || s.Index != nil && s.Index.IsSlice { // X[] is (X | _each)[]
			inner := *t
			*t = gojq.Term{Type: gojq.TermTypeQuery, Query: pipe(&gojq.Query{Term: &inner}, call("_each"))}
		}
		t.SuffixList = append(t.SuffixList, s)
	}
}

// concatenation is an interpolated string as a sum, as the compiler would write it.
func concatenation(s *gojq.String, format string) *gojq.Query {
	var sum *gojq.Query
	for _, q := range s.Queries {
		if q.Term == nil || q.Term.Str == nil {
			q = pipe(q, formatted(format))
		}
		if sum == nil {
			sum = q
			continue
		}
		sum = call("_o_add", q, sum)
	}
	return sum
}

// formatted measures its input and writes it in a format such as @csv; "" is that of an
// interpolation.
func formatted(format string) *gojq.Query {
	if format == "" {
		return call("tostring")
	}
	return pipe(call("_measure"), &gojq.Query{Term: &gojq.Term{Type: gojq.TermTypeFormat, Format: format}})
}

func identity() *gojq.Query { return &gojq.Query{Term: &gojq.Term{Type: gojq.TermTypeIdentity}} }

func pipe(left, right *gojq.Query) *gojq.Query {
	return &gojq.Query{Op: gojq.OpPipe, Left: left, Right: right}
}

func call(name string, args ...*gojq.Query) *gojq.Query {
	return &gojq.Query{Term: &gojq.Term{Type: gojq.TermTypeFunc, Func: &gojq.Func{Name: name, Args: args}}}
}

// isOurs reports whether a name is one of the prelude's own or gojq's, which a program may not use.
func isOurs(name string) bool { return strings.HasPrefix(strings.TrimPrefix(name, "$"), "_") }
