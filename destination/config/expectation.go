package config

import (
	"fmt"
	"strconv"
	"strings"
)

// report turns violations into problems and takes the values at fault out of the tree, so that the
// rest of it decodes and the rules see it. Patterns are left to reportPatterns, since the rules
// name the problem of a text more precisely.
func (n *specNode) report(violations []violation, tree map[string]any, problems *problemList) {
	for _, violation := range violations {
		switch violation.kind {
		case "pattern":
		case "required":
			problems.add(strings.Join(violation.path, "."), "required, "+n.at(violation.path).expectation())
		default:
			problems.add(strings.Join(violation.path, "."), n.at(violation.path).expectation())
			blank(tree, violation.path)
		}
	}
}

// reportPatterns adds the texts that do not match their pattern.
func (n *specNode) reportPatterns(violations []violation, problems *problemList) {
	for _, violation := range violations {
		if violation.kind == "pattern" {
			problems.add(strings.Join(violation.path, "."), n.at(violation.path).expectation())
		}
	}
}

// expectation returns what a value has to be, according to the schema.
func (n *specNode) expectation() string {
	switch {
	case len(n.Enum) > 0:
		return "expected one of " + strings.Join(n.Enum, ", ")
	case n.PatternDescriptor != "":
		return "expected " + n.PatternDescriptor
	case n.MinLength > 0:
		return "expected a text that is not empty"
	case n.MinItems > 0:
		return fmt.Sprintf("expected a list of %d or more", n.MinItems)
	}
	switch n.Type {
	case "integer":
		return "expected a whole number" + n.bounds()
	case "number":
		return "expected a number" + n.bounds()
	case "boolean":
		return "expected true or false"
	case "array":
		return "expected a list"
	case "object":
		return "expected an object"
	default:
		return "expected a text"
	}
}

// bounds returns the range of a number; the spec gives every number both ends.
func (n *specNode) bounds() string {
	if n.Minimum == nil || n.Maximum == nil {
		return ""
	}
	return " from " + plainNumber(*n.Minimum) + " to " + plainNumber(*n.Maximum)
}

// plainNumber writes a number without an exponent, as a person would type it.
func plainNumber(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }
