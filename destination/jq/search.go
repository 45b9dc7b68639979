package jq

import (
	"regexp"
	"regexp/syntax"
	"strings"
)

// pattern is a regular expression that a program has used.
type pattern struct {
	compiled     *regexp.Regexp
	instructions int
	captures     int
}

// search takes what matching a regular expression costs: the length of the text for each
// instruction of the expression, and the objects that describe the matches.
func (m *meter) search(v, re, flags, testing any) {
	text, isText := v.(string)
	source, isPattern := re.(string)
	options, _ := flags.(string)
	if !isText || !isPattern {
		return // gojq has an error for it
	}
	p := m.pattern(source, options)
	if p == nil {
		return
	}
	m.takeProduct(len(text)+1, p.instructions)
	if m.spent == "" && testing != true {
		m.takeProduct(m.matches(p, text, options), (1+p.captures)*matchPrice)
	}
}

// pattern compiles a regular expression as gojq does, nil if it is not a valid one.
func (m *meter) pattern(re, flags string) *pattern {
	if strings.ContainsRune(flags, 'i') {
		re = "(?i)" + re
	}
	if strings.ContainsRune(flags, 'm') {
		re = "(?s)" + re
	}
	p, known := m.patterns[re]
	if !known && m.take(len(re)*patternPrice) {
		p = newPattern(re)
		m.patterns[re] = p
	}
	return p
}

func newPattern(re string) *pattern {
	compiled, err := regexp.Compile(re)
	if err != nil {
		return nil
	}
	parsed, err := syntax.Parse(re, syntax.Perl)
	if err != nil {
		return nil
	}
	program, err := syntax.Compile(parsed.Simplify())
	if err != nil {
		return nil
	}
	return &pattern{compiled, len(program.Inst), compiled.NumSubexp()}
}

// matches counts the matches, up to what the budget allows. An empty match may follow each.
func (m *meter) matches(p *pattern, text, flags string) int {
	if !strings.ContainsRune(flags, 'g') {
		return 1
	}
	return 2 * len(p.compiled.FindAllStringIndex(text, m.bytes/matchPrice+1))
}
