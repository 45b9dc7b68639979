package urltemplate

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxVariables is how many variables a template has: it is expanded for each row.
const maxVariables = 50

// scanner finds the variables of a template, and what is wrong with it, more precisely than the
// library does, whose errors quote the template.
type scanner struct {
	text      string
	query     bool // the query has begun
	variables []variable
}

// problem is what was expected at the byte offset at.
func (s *scanner) problem(at int, expected string) error {
	return &problem{fmt.Sprintf("expected %s (column %d)", expected, utf8.RuneCountInString(s.text[:at])+1)}
}

func (s *scanner) scan() error {
	path := s.pathBegins()
	if i := strings.IndexAny(s.text[:path], "{}"); i >= 0 {
		return s.problem(i, "scheme, host and port without variables, as no row may choose where it is sent: put variables after the / that ends the host")
	}
	for i := path; i < len(s.text); i++ {
		if s.text[i] != '{' {
			if err := s.literal(i); err != nil {
				return err
			}
			continue
		}
		length := strings.IndexByte(s.text[i:], '}')
		switch {
		case length < 0:
			return s.problem(i, "a } that closes this {, or %7B for a brace")
		case s.text[i-1] == '$':
			return s.problem(i-1, "no $ before a variable")
		}
		if err := s.expression(i+1, i+length); err != nil {
			return err
		}
		i += length
	}
	return nil
}

// literal judges a character that is in no variable.
func (s *scanner) literal(at int) error {
	switch c := s.text[at]; c {
	case '?':
		s.query = true
	case '}':
		return s.problem(at, "a { before this }, or %7D for a brace")
	case '%':
		if _, err := url.PathUnescape(s.text[at:min(at+3, len(s.text))]); err != nil {
			return s.problem(at, "two hexadecimal digits after this %, or %25 for a percent sign")
		}
	case '<', '>', '"', '\\', '^', '|', '`':
		return s.problem(at, fmt.Sprintf("%%%02X in place of this character", c))
	}
	return nil
}

// pathBegins returns where scheme, host and port end.
func (s *scanner) pathBegins() int {
	scheme := strings.Index(s.text, "://")
	if scheme < 0 {
		return len(s.text)
	}
	host := scheme + len("://")
	if length := strings.IndexAny(s.text[host:], "/?"); length >= 0 {
		return host + length
	}
	return len(s.text)
}

// expression reads what is between two braces.
func (s *scanner) expression(from, to int) error {
	if from == to {
		return s.problem(from, "a variable between the braces, such as {primary_key}")
	}
	operator := strings.IndexByte("/?&;.", s.text[from]) >= 0
	if err := s.operator(from); err != nil {
		return err
	}
	optional := operator && (s.text[from] == '?' || s.text[from] == '&')
	if operator {
		from++
	}
	for names := s.text[from:to]; ; {
		name, rest, more := strings.Cut(names, ",")
		v, err := s.variable(from, name)
		if err != nil {
			return err
		}
		v.optional = optional
		if len(s.variables) == maxVariables {
			return s.problem(from, fmt.Sprintf("at most %d variables", maxVariables))
		}
		s.variables = append(s.variables, v)
		if !more {
			return nil
		}
		from += len(name) + 1
		names = rest
	}
}

// operator judges the character after an opening brace.
func (s *scanner) operator(at int) error {
	switch s.text[at] {
	case '{':
		return s.problem(at, "one pair of braces around a variable, found another {")
	case '+', '#':
		return s.problem(at, "a variable without + or # before it, which would let a value change the path")
	case '=', '!', '@', '|', ',':
		return s.problem(at, "a variable, or one of the operators / ? & ; . before it")
	case '?':
		if s.query {
			return s.problem(at, "& in place of ?, since the query has begun before it")
		}
		s.query = true
	case '&':
		if !s.query {
			return s.problem(at, "? in place of &, since no query has begun before it")
		}
	}
	return nil
}

// variable reads a name and what may follow it.
func (s *scanner) variable(at int, name string) (variable, error) {
	bare, list := strings.CutSuffix(name, "*")
	if colon := strings.IndexByte(bare, ':'); colon >= 0 {
		return variable{}, s.problem(at+colon, "a whole value: rows of the same beginning would share a URL")
	}
	for i := range len(bare) {
		if !nameCharacter(bare[i]) {
			return variable{}, s.problem(at+i, "letters, digits, _ and . in a name, other characters as %XX")
		}
	}
	v := variable{name: bare}
	var err error
	head, below, nested := strings.Cut(bare, ".")
	switch {
	case head == "data" && nested:
		v.kind = dataField
		v.path, err = s.fieldPath(at, below)
	case head == "data":
		return v, s.problem(at, "a field after data, such as {data.id}")
	case head == "primary_key":
		return v, s.keyVariable(&v, at, below, nested, list)
	case bare == "stream":
		v.kind = streamName
	case bare == "namespace":
		v.kind = namespace
	default:
		return v, s.problem(at, "a variable that is one of primary_key, stream, namespace, or data. and the path of a field")
	}
	if list && err == nil {
		err = s.problem(at+len(bare), "no * after the variable, only primary_key can be a list")
	}
	return v, err
}

// fieldPath reads the names after data.
func (s *scanner) fieldPath(at int, names string) (path []string, err error) {
	for name := range strings.SplitSeq(names, ".") {
		decoded, err := url.PathUnescape(name)
		if err != nil || name == "" {
			return nil, s.problem(at, "the path of a field after data, such as {data.address.city}, with characters other than letters, digits and _ as %XX")
		}
		path = append(path, decoded)
	}
	return path, nil
}

// keyVariable reads what follows primary_key: nothing, or the place of one of its fields.
func (s *scanner) keyVariable(v *variable, at int, below string, nested, list bool) error {
	v.kind, v.index = primaryKey, wholeKey
	if !nested {
		return nil
	}
	n, err := strconv.ParseUint(below, 10, 8)
	if err != nil {
		return s.problem(at, "the place of a field of the key after primary_key., from 0, such as {primary_key.0}")
	}
	if list {
		return s.problem(at+len("primary_key.")+len(below), "no * after one field of the key")
	}
	v.index = int(n)
	return nil
}

func nameCharacter(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c == '.' || c == '%'
}
