package jq

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/itchyny/gojq"
)

// renamed are gojq's own functions under another name, and functions of their names that measure
// first. gojq looks a name up among what is defined so far, so each def finds the one before it.
func renamed() string {
	var b strings.Builder
	wrap(&b, measured, "$a", "_measure")
	wrap(&b, taken, "$a", "_each | _measure")
	wrap(&b, parsed, "$a", "_numbers | _measure")
	wrap(&b, products, "$a", "_product")
	wrap(&b, filtered, "f", "_measure")
	for _, op := range slices.Sorted(maps.Values(guarded)) {
		check := "_measure($l; $r)"
		if op == "_o_multiply" || op == "_o_subtract" || op == "_o_divide" {
			check = "_pair($l; $r)"
		}
		fmt.Fprintf(&b, "def %s($r; $l): %s | _%s($l; $r);\n", op, check, strings.TrimPrefix(op, "_o_"))
	}
	return b.String()
}

// wrap defines builtins again so that a check comes first, which is given the arguments if they are
// values.
func wrap(b *strings.Builder, list, prefix, check string) {
	for _, f := range parse(list) {
		params, values := f.params(prefix), ""
		if prefix == "$a" {
			values = params
		}
		fmt.Fprintf(b, "def _b_%s%s: %[1]s%[2]s; def %[1]s%[2]s: %[3]s%[4]s | _b_%[1]s%[2]s;\n", f.name, params, check, values)
	}
}

// builtin is a builtin of a list.
type builtin struct {
	name  string
	arity int
}

func (f builtin) String() string { return fmt.Sprintf("%s/%d", f.name, f.arity) }

// params writes a parameter list such as (f1; f2).
func (f builtin) params(prefix string) string {
	if f.arity == 0 {
		return ""
	}
	names := make([]string, f.arity)
	for i := range names {
		names[i] = fmt.Sprintf("%s%d", prefix, i+1)
	}
	return "(" + strings.Join(names, "; ") + ")"
}

// parse reads a list of builtins.
func parse(list string) []builtin {
	var all []builtin
	for _, field := range strings.Fields(list) {
		name, arity, _ := strings.Cut(field, "/")
		all = append(all, builtin{name, int(arity[0] - '0')})
	}
	return all
}

// prelude is all that may be defined before a program.
var prelude = sync.OnceValues(func() ([]*gojq.FuncDef, error) {
	q, err := gojq.Parse(renamed() + special + ".")
	if err != nil {
		return nil, fmt.Errorf("parsing the prelude: %w", err)
	}
	more, err := gojq.Parse(definitions + ".")
	if err != nil {
		return nil, fmt.Errorf("parsing the prelude: %w", err)
	}
	guardQuery(more)
	return append(q.FuncDefs, more.FuncDefs...), nil
})

// callsOf are the names of the functions that a part of a program calls, and of its variables.
func callsOf(part any) map[string]bool {
	names := make(map[string]bool)
	walk(reflect.ValueOf(part), func(node any) {
		switch n := node.(type) {
		case *gojq.Func:
			names[n.Name] = true
		case *gojq.ObjectKeyVal: // {$x}
			names[n.Key] = true
		}
	})
	return names
}

// needed are the definitions of the prelude that a program uses, directly or through others. A
// definition uses only those before it.
func needed(query *gojq.Query) ([]*gojq.FuncDef, error) {
	defs, err := prelude()
	used := callsOf(query)
	var kept []*gojq.FuncDef
	for _, def := range slices.Backward(defs) {
		if used[def.Name] {
			kept = append(kept, def)
			maps.Copy(used, callsOf(def))
		}
	}
	slices.Reverse(kept)
	return kept, err
}

// available are the builtins that a program may use, as name/arity.
var available = sync.OnceValue(func() map[string]bool {
	all := make(map[string]bool)
	for _, f := range parse(strings.Join([]string{plain, measured, taken, parsed, filtered, products}, " ")) {
		all[f.String()] = true
	}
	q, err := gojq.Parse(special + definitions + ".")
	if err != nil {
		return nil // prelude has the error
	}
	for _, def := range q.FuncDefs {
		if !isOurs(def.Name) {
			all[builtin{def.Name, len(def.Args)}.String()] = true
		}
	}
	return all
})

// refused are the builtins that a program may neither use nor define.
var refused = sync.OnceValue(func() map[string]bool {
	all := make(map[string]bool)
	for _, f := range parse(absent) {
		all[f.String()] = true
	}
	q, err := gojq.Parse("builtins[]")
	if err != nil {
		return all
	}
	for iter := q.Run(nil); ; {
		name, ok := iter.Next()
		if !ok {
			return all
		}
		if s, isText := name.(string); isText && !available()[s] {
			all[s] = true
		}
	}
})
