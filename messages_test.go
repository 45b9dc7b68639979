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

// told are the packages whose messages reach a user of spec, check, write and preview.
var told = []string{"batching", "cli", "destination", "protocol"}

// TestTroubleshootingListsEveryMessage holds docs/troubleshooting.md against the code: each text that an error, a warning or
// an advice is made of has to stand there, its variable parts as …
func TestTroubleshootingListsEveryMessage(t *testing.T) {
	page, err := os.ReadFile("docs/troubleshooting.md")
	if err != nil {
		t.Fatal(err)
	}
	listed := normal(string(page))
	messages := messagesOf(t)
	if len(messages) < 100 {
		t.Fatalf("only %d messages were found in the code", len(messages))
	}
	for _, m := range messages {
		if !strings.Contains(listed, normal(m)) {
			t.Errorf("docs/troubleshooting.md does not have: %s", m)
		}
	}
}

// messagesOf collects the texts, as a user reads them.
func messagesOf(t *testing.T) []string {
	t.Helper()
	found := make(map[string]bool)
	for _, dir := range told {
		err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || strings.Contains(path, "buckettest") {
				return err
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			ast.Inspect(file, func(n ast.Node) bool {
				for _, text := range textsOf(n) {
					if m := message(text); m != "" {
						found[m] = true
					}
				}
				return true
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	var all []string
	for m := range found {
		all = append(all, m)
	}
	slices.Sort(all)
	return all
}

// speaking are the functions whose text arguments are messages, and the types whose fields are.
var speaking = regexp.MustCompile(`^(fmt\.Errorf|errors\.New|fmt\.Sprintf|problems\.add|p\.log\.Warn|log\.Warn|log\.Error|f\.set|d\.faults\..*\.set|.*\.fail)$`)

func textsOf(n ast.Node) []string {
	switch n := n.(type) {
	case *ast.CallExpr:
		if !speaking.MatchString(name(n.Fun)) {
			return nil
		}
		var texts []string
		for _, argument := range n.Args {
			texts = append(texts, literal(argument)...)
		}
		return texts
	case *ast.CompositeLit:
		if table, ok := n.Type.(*ast.MapType); ok && name(table.Value) == "meaning" {
			var texts []string
			for _, row := range n.Elts {
				texts = append(texts, fieldsOf(row.(*ast.KeyValueExpr).Value.(*ast.CompositeLit))...)
			}
			return texts
		}
		if name(n.Type) == "meaning" || name(n.Type) == "rejection" {
			return fieldsOf(n)
		}
	}
	return nil
}

func fieldsOf(n *ast.CompositeLit) (texts []string) {
	for _, element := range n.Elts {
		if field, ok := element.(*ast.KeyValueExpr); ok {
			element = field.Value
		}
		texts = append(texts, literal(element)...)
	}
	return texts
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

// literal is the text of an expression of string literals.
func literal(e ast.Expr) []string {
	switch e := e.(type) {
	case *ast.BasicLit:
		if text, err := strconv.Unquote(e.Value); err == nil && e.Kind == token.STRING {
			return []string{text}
		}
	case *ast.BinaryExpr:
		left, right := literal(e.X), literal(e.Y)
		if len(left) == 1 && len(right) == 1 {
			return []string{left[0] + right[0]}
		}
		return append(left, right...)
	}
	return nil
}

var (
	verb = regexp.MustCompile(`%[-+# 0]*(\[\d+\])?[\d.*]*[a-zA-Z]`)
	// names are those of fields, which problems of a config stand behind.
	names = regexp.MustCompile(`^[a-z_.]+$`)
	word  = regexp.MustCompile(`[a-z]{2,}[^a-z]+[a-z]{2,}[^a-z]+[a-z]{2,}`)
)

// message is a format as it stands in the docs, or "" for what is no sentence: a name, a path, a piece of a text.
func message(format string) string {
	m := strings.ReplaceAll(verb.ReplaceAllString(format, "…"), "%%", "%")
	if !word.MatchString(m) || names.MatchString(m) {
		return ""
	}
	return strings.TrimSpace(m)
}

// normal folds what Markdown writes in another way.
func normal(s string) string {
	s = strings.NewReplacer("`", "", `\|`, "|", "\\", "").Replace(s)
	return strings.Join(strings.Fields(s), " ")
}
