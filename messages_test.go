package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// told are the packages whose texts reach a user.
var told = []string{"batching", "cli", "destination", "protocol", "receiver"}

// help names the calls and the types whose texts explain a flag, a fault or a schema, or tell what
// goes well: they are in the code that needs them.
var help = regexp.MustCompile(`^(.*\.\w*Var|.*\.Var|configFlag|c\.say|sql|.*\.sql|b\.Queue|tx\.(QueryRow|Exec)|c\.QueryRow|t\.one|Setting|object|closed|header|describe|titled|counter|gauge|metric)$`)

// helpFields are fields of commands that do the same.
var helpFields = []string{"Use", "Short", "Long", "Example"}

// unsaid are texts that look like messages and are none: marks of a library's errors, names,
// formats of files.
var unsaid = []string{
	"remote error", "tls: internal error", "oauth2: cannot fetch token", "server gave HTTP response to HTTPS client",
	"destination-webhook snapshot 2", "destination-webhook snapshot 3", "destination-webhook snapshot 4", "(other streams)", "A check of the connection", "Manifests of",
	"not defined: ($?[w:]+|@w+)", "^([a-z_0-9]+)(?:(.*))? cannot be applied to",
	"^(cannot (?:divide|modulo)|invalid regular expression|unsupported regular expression flag|array index should not be negative|array index too large|repeat string result too large|invalid path)b",
	"enough were read",
	`{"type":"LOG","log":{"level":"DEBUG","message":"rejected rows were delivered since, or replaced"},"resolved":`,
	"an exponent of more than 18 digits",
	"HTTP/1.1 200 OK Content-Type: application/json Content-Length: 100",
}

// TestTroubleshootingListsEveryMessage holds docs/troubleshooting.md against the code: each text of
// two words or more that is in a told package must be on the page, its variable parts as …
func TestTroubleshootingListsEveryMessage(t *testing.T) {
	page, err := os.ReadFile("docs/troubleshooting.md")
	if err != nil {
		t.Fatal(err)
	}
	listed, messages := normal(string(page)), messagesOf(t)
	if len(messages) < 250 {
		t.Fatalf("only %d messages were found in the code", len(messages))
	}
	for _, m := range messages {
		if !strings.Contains(listed, m.text) {
			t.Errorf("%s: docs/troubleshooting.md lacks a message. Add to the table where a user would look for it, with cause and cure:\n\t`%s`\n"+
				"or, if nobody can ever read it, name it in unsaid of messages_test.go", m.place, m.text)
		}
	}
}

// Texts that left the code must not stay among the exceptions.
func TestUnsaidTextsAreInTheCode(t *testing.T) {
	all := textsOf(t)
	for _, text := range unsaid {
		if !slices.ContainsFunc(all, func(m saying) bool { return m.text == text }) {
			t.Errorf("nothing says %q any more: take it out of unsaid", text)
		}
	}
}

// saying is a text as the page has it, and its position in the code.
type saying struct{ text, place string }

func messagesOf(t *testing.T) []saying {
	t.Helper()
	return slices.DeleteFunc(textsOf(t), func(m saying) bool { return slices.Contains(unsaid, m.text) })
}

func textsOf(t *testing.T) []saying {
	t.Helper()
	var all []saying
	for _, dir := range told {
		err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || strings.HasSuffix(filepath.Dir(path), "test") {
				return err
			}
			files := token.NewFileSet()
			file, err := parser.ParseFile(files, path, nil, parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			ast.Inspect(file, func(n ast.Node) bool {
				text, further := textOf(n)
				if m := message(text); m != "" {
					all = append(all, saying{m, files.Position(n.Pos()).String()})
				}
				return further
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// textOf is the text that a node is, and whether there may be others below it.
func textOf(n ast.Node) (text string, further bool) {
	switch n := n.(type) {
	case *ast.ImportSpec:
		return "", false
	case *ast.Field:
		return "", n.Tag == nil
	case *ast.KeyValueExpr:
		return "", !slices.Contains(helpFields, name(n.Key))
	case *ast.CallExpr:
		return "", !help.MatchString(name(n.Fun))
	case *ast.CompositeLit:
		element := n.Type
		if list, ok := element.(*ast.ArrayType); ok {
			element = list.Elt
		}
		return "", !help.MatchString(name(element))
	case *ast.BinaryExpr:
		text, found := sum(n)
		return text, !found
	case *ast.BasicLit:
		text, _ := sum(n)
		return text, false
	}
	return "", true
}

// sum is the text of literals that are added up, with … for what is not literal, and whether there
// is a literal in it.
func sum(e ast.Expr) (text string, found bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		if text, err := strconv.Unquote(e.Value); err == nil && e.Kind == token.STRING {
			return text, true
		}
	case *ast.BinaryExpr:
		if e.Op == token.ADD {
			left, inLeft := sum(e.X)
			right, inRight := sum(e.Y)
			return left + right, inLeft || inRight
		}
	}
	return "…", false
}

func name(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return name(e.X) + "." + e.Sel.Name
	}
	return ""
}

var (
	verb  = regexp.MustCompile(`%[-+# 0]*(\[\d+\])?[\d.*]*[a-zA-Z]`)
	words = regexp.MustCompile(`[a-z]{2,}[,:;)]* \(?[a-z]{2,}`)
)

// message is a format as it is in the docs, or "" for what is no sentence: a name, a path, a single
// word.
func message(format string) string {
	m := strings.ReplaceAll(verb.ReplaceAllString(format, "…"), "%%", "%")
	if !words.MatchString(m) {
		return ""
	}
	return strings.Trim(normal(m), " …")
}

// normal folds what Markdown writes in another way.
func normal(s string) string {
	s = strings.NewReplacer("`", "", `\|`, "|", "\\", "").Replace(s)
	return strings.Join(strings.Fields(s), " ")
}
