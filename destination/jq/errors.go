package jq

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/itchyny/gojq"
)

// forever is the context that a meter embeds. gojq asks no context that is this one itself.
var forever = context.Background()

// Error is what is wrong with a program, or why it failed on an input. It holds no value of the
// input.
type Error struct {
	Line, Column int // from 1, in characters; 0: the program failed while it ran
	Message      string
}

func (e *Error) Error() string {
	if e.Line == 0 {
		return e.Message
	}
	return fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, e.Message)
}

// at is an error at a byte offset of the source.
func at(source string, offset int, message string) *Error {
	before := source[:min(max(offset, 0), len(source))]
	line := strings.Count(before, "\n") + 1
	column := utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:]) + 1
	return &Error{Line: line, Column: column, Message: message}
}

func parseProgram(source string) (*gojq.Query, error) {
	query, err := gojq.Parse(source)
	var broken *gojq.ParseError
	switch {
	case errors.As(err, &broken) && broken.Token == "":
		return nil, at(source, len(source), "the program ends too early; expected the rest of it, such as a closing bracket or end")
	case errors.As(err, &broken):
		return nil, at(source, broken.Offset-len(broken.Token), withoutToken(broken)+"; expected an expression or an operator of jq")
	case err != nil:
		return nil, at(source, 0, err.Error())
	case query.Meta != nil || len(query.Imports) > 0:
		return nil, at(source, 0, "modules are not available; expected all of the program in one text")
	case query.Term == nil && query.Op == 0:
		return nil, at(source, len(source), "expected a program, such as .")
	}
	return query, nil
}

// inspect refuses functions that are not available, and collects the texts that the program holds.
func (p *Program) inspect(source string, query *gojq.Query) (err error) {
	walk(reflect.ValueOf(query), func(node any) {
		switch n := node.(type) {
		case *gojq.Func:
			err = firstOf(err, unavailable(source, n.Name, len(n.Args)))
		case *gojq.FuncDef:
			err = firstOf(err, unavailable(source, n.Name, len(n.Args)))
		case *gojq.Pattern:
			err = firstOf(err, unavailable(source, n.Name, 0))
		case *gojq.Term:
			err = firstOf(err, unknownFormat(source, n.Format))
		case *gojq.String:
			p.literals[n.Str] = true
		}
	})
	return err
}

func firstOf(a, b error) error {
	if a != nil {
		return a
	}
	return b
}

func unavailable(source, name string, arity int) error {
	if isOurs(name) || name == "$ENV" || refused()[builtin{name, arity}.String()] {
		return at(source, find(source, name), name+" is not available here; expected a program of its input and its variables alone")
	}
	return nil
}

// word is what a name of a function, a variable or a format looks like, and no secret that somebody
// has put in the place of a program.
var word = regexp.MustCompile(`^[$.]?([a-z_]{1,16}|\W{1,8}|\w{1,7})$`)

// shown returns a name of a program, or … if it may be a secret: the place of an error says which
// name it is.
func shown(name string) string {
	if word.MatchString(name) {
		return name
	}
	return "…"
}

// quotedToken is what gojq's errors quote of a program.
var quotedToken = regexp.MustCompile(`"(?s:.*)"`)

func withoutToken(err *gojq.ParseError) string {
	if shown(err.Token) == err.Token {
		return err.Error()
	}
	return quotedToken.ReplaceAllString(err.Error(), "…")
}

// formats are what may be after an @, as jq's manual has them.
var formats = []string{"text", "json", "html", "uri", "urid", "csv", "tsv", "sh", "base64", "base64d"}

func unknownFormat(source, format string) error {
	if format == "" || slices.Contains(formats, format[1:]) {
		return nil
	}
	return at(source, strings.Index(source, format), "format not defined: @"+shown(format[1:])+"; expected one of @"+strings.Join(formats, ", @"))
}

// walk calls visit with each pointer in a program.
func walk(v reflect.Value, visit func(any)) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			visit(v.Interface())
			walk(v.Elem(), visit)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			walk(v.Field(i), visit)
		}
	case reflect.Slice:
		for i := range v.Len() {
			walk(v.Index(i), visit)
		}
	}
}

// find returns the offset of a name in a program, 0 if it is in none of its lines as it is.
func find(source, name string) int {
	place := regexp.MustCompile(`(^|[^\w$.])` + regexp.QuoteMeta(name) + `\b`).FindStringIndex(source)
	if place == nil {
		return 0
	}
	return place[0] + strings.Index(source[place[0]:], name)
}

// named finds the name that gojq's compiler complains of.
var named = regexp.MustCompile(`not defined: (\$?[\w:]+|@\w+)`)

// located gives an error of gojq's compiler its place.
func (p *Program) located(source string, err error) error {
	name := named.FindStringSubmatch(err.Error())
	if name == nil {
		return at(source, 0, err.Error())
	}
	message := strings.Replace(err.Error(), name[1], shown(name[1]), 1) + "; expected " + p.instead(name[1])
	return at(source, max(0, strings.Index(source, name[1]), find(source, name[1])), message)
}

// instead returns what is expected in the place of a name that is not defined.
func (p *Program) instead(name string) string {
	switch {
	case name[0] != '$':
		return "a function of jq's manual with as many arguments as after the /"
	case len(p.variables) == 0:
		return "one that the program itself defines by as"
	}
	return "one of " + strings.Join(p.variables, ", ")
}

var (
	// kinds are the errors of gojq that name the type of a value after their text. The value is
	// left out.
	kinds = regexp.MustCompile(`^((?:expected|cannot|invalid|@\w+ cannot) [a-z "]+?): (null|boolean|number|string|array|object)\b`)
	// applied are those of a function that cannot use its input.
	applied = regexp.MustCompile(`^([a-z_0-9]+)(?:\(.*\))? cannot be applied to`)
	// bare are those whose beginning says enough.
	bare = regexp.MustCompile(`^(cannot (?:divide|modulo)|invalid regular expression|unsupported regular expression flag|` +
		`array index should not be negative|array index too large|repeat string result too large|invalid path)\b`)
)

// failure is an error of a run without the values that gojq shows.
func (p *Program) failure(err error) error {
	var thrown gojq.ValueError
	if errors.As(err, &thrown) {
		text, _ := thrown.Value().(string)
		if !p.literals[text] || text == "" {
			return &Error{Message: "the program calls error"}
		}
		return &Error{Message: "the program calls error: " + text}
	}
	message := err.Error()
	if m := kinds.FindStringSubmatch(message); m != nil {
		return &Error{Message: m[1] + ": " + m[2]}
	}
	if m := applied.FindStringSubmatch(message); m != nil {
		return &Error{Message: strings.TrimPrefix(m[1], "_") + " cannot be applied to this value"}
	}
	if m := bare.FindString(message); m != "" {
		return &Error{Message: m}
	}
	return &Error{Message: "the program fails on this value"}
}
