package payload

import (
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"destination-webhook/destination/config"
	"destination-webhook/destination/jq"
	"destination-webhook/destination/route"
)

// transform runs the program of a stream's payload on its records.
type transform struct {
	program        *jq.Program
	payload        *config.Payload
	readsOperation bool
	readsKey       bool
	variables      []any // in the order of config.TransformVariables
}

// The places of variables that differ from row to row.
const (
	operationVariable = iota
	keyVariable
	emittedVariable
)

// newTransform returns the transform of a route, nil if it has none.
func newTransform(r *route.Route) *transform {
	if r.Transform == nil {
		return nil
	}
	source := r.Payload.Transform
	return &transform{
		program: r.Transform, payload: &r.Payload,
		readsOperation: strings.Contains(source, "$operation"), readsKey: strings.Contains(source, "$primary_key"),
		variables: []any{nil, nil, nil, r.Stream.Name, r.Stream.Namespace, string(r.Mode)},
	}
}

// output is what a program made of a row.
type output struct {
	operation Operation
	key       []byte // as the program saw it
	values    []byte // JSON texts, one after the other
	ends      []int  // of each text
	reason    string // why the row is rejected; "" if it is not
}

// run runs the program as for a row with an operation and a key. The output takes the memory of o.
func (t *transform) run(o *output, operation Operation, key, emittedAt, data []byte) {
	o.operation, o.key, o.values, o.ends, o.reason = operation, append(o.key[:0], key...), o.values[:0], o.ends[:0], ""
	variables := slices.Clone(t.variables)
	if operation != Upserted {
		variables[operationVariable] = string(operation)
	}
	if t.readsKey {
		variables[keyVariable] = keyValue(key)
	}
	if emittedAt != nil {
		variables[emittedVariable] = json.Number(emittedAt)
	}
	err := t.program.Run(data, variables, func(v any) error {
		o.values = jq.Append(o.values, v)
		o.ends = append(o.ends, len(o.values))
		return nil
	})
	if err == nil {
		err = t.judge(o)
	}
	if err != nil {
		o.reason = fmt.Sprintf("payload.transform: %v", err)
	}
}

// judge returns why the format cannot hold what a program yields.
func (t *transform) judge(o *output) error {
	switch {
	case len(o.ends) > 1 && (t.payload.FullRows() || t.payload.Format.HoldsOneRow()):
		return errors.New("the program yields more than one output, and there is room for one")
	case t.payload.Format == config.Form && len(o.ends) == 1 && o.values[0] != '{':
		return errors.New("the program yields no object, and a form has a field for each member of one")
	}
	return nil
}

// keyValue returns a key as the value of $primary_key: a text, or a list of texts.
func keyValue(key []byte) any {
	if len(key) == 0 {
		return nil
	}
	if key[0] == '"' {
		text, _ := jsontext.AppendUnquote(nil, key)
		return string(text)
	}
	var fields []any
	if json.Unmarshal(key, &fields) != nil {
		return nil
	}
	return fields
}

// orEmpty makes {} the output if there is none.
func (o *output) orEmpty() {
	if len(o.ends) == 0 && o.reason == "" {
		o.values = append(o.values[:0], "{}"...)
		o.ends = append(o.ends, len(o.values))
	}
}

// each returns the outputs.
func (o *output) each() iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		begin := 0
		for _, end := range o.ends {
			if !yield(o.values[begin:end]) {
				return
			}
			begin = end
		}
	}
}

// joined appends the outputs with a separator between two.
func (o *output) joined(dst []byte, separator string) []byte {
	first := true
	for value := range o.each() {
		if !first {
			dst = append(dst, separator...)
		}
		dst, first = append(dst, value...), false
	}
	return dst
}

// compared appends what a snapshot compares: the output itself, or, if there is not one, the list
// of all. A row that is rejected differs from everything that was sent.
func (o *output) compared(dst, data []byte) []byte {
	switch {
	case o.reason != "":
		return append(append(append(dst, `["rejected",`...), data...), ']')
	case len(o.ends) == 1:
		return append(dst, o.values...)
	}
	return append(o.joined(append(dst, '['), ","), ']')
}
