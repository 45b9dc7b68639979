package config

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"destination-webhook/destination/spelling"
)

const (
	// maxUnknown is how many fields that are not settings are named.
	maxUnknown = 10
	// maxShown is the longest name of a field that is shown, in bytes.
	maxShown = 100
)

// unknownField is a member of a config that is not a setting.
type unknownField struct {
	path   []string
	object *specNode // the schema of the object that has it
}

// unknownFields returns the members of value that n does not know, in a stable order. Those of an
// option that is not chosen are known: a form leaves them there.
func (n *specNode) unknownFields(value any, path []string) (unknown []unknownField) {
	switch value := value.(type) {
	case map[string]any:
		known := n.allProperties()
		for _, name := range slices.Sorted(maps.Keys(value)) {
			at := append(slices.Clone(path), name)
			if property, ok := known[name]; ok {
				unknown = append(unknown, property.unknownFields(value[name], at)...)
			} else if len(known) > 0 {
				unknown = append(unknown, unknownField{at, n})
			}
		}
	case []any:
		for i, element := range value {
			if n.Items != nil {
				unknown = append(unknown, n.Items.unknownFields(element, append(slices.Clone(path), strconv.Itoa(i)))...)
			}
		}
	}
	return unknown
}

// allProperties returns the properties of an object, for a choice those of all its options.
func (n *specNode) allProperties() map[string]*specNode {
	all := make(map[string]*specNode)
	maps.Copy(all, n.Properties)
	for _, option := range n.OneOf {
		maps.Copy(all, option.Properties)
	}
	return all
}

// otherNamesOfURL are what other tools call it.
var otherNamesOfURL = []string{
	"uri", "webhook", "webhook_url", "webhook_uri", "endpoint", "endpoint_url", "target_url", "destination_url", "address",
}

// nearest returns the path of the setting that the field is most likely meant to be, or "": the URL
// by another name, one of the same name in a group beside the field, or one beside it with a
// similar name.
func (f unknownField) nearest() string {
	last := len(f.path) - 1
	path, name := f.path[:last], f.path[last]
	if len(name) > maxShown {
		return ""
	}
	known := f.object.allProperties()
	nearest := spelling.Nearest(name, slices.Sorted(maps.Keys(known)))
	if known["url"] != nil && slices.Contains(otherNamesOfURL, strings.ToLower(name)) {
		nearest = "url"
	} else if within := f.object.pathTo(name); within != "" {
		nearest = within
	}
	if nearest == "" {
		return ""
	}
	return strings.Join(append(slices.Clone(path), nearest), ".")
}

// pathTo returns the path of a setting that is in an object within n, or "".
func (n *specNode) pathTo(name string) string {
	known := n.allProperties()
	for _, group := range slices.Sorted(maps.Keys(known)) {
		if known[group].allProperties()[name] != nil {
			return group + "." + name
		}
		if within := known[group].pathTo(name); within != "" {
			return group + "." + within
		}
	}
	return ""
}

// name returns the path of the field.
func (f unknownField) name() string { return shownPath(f.path) }

// shownPath returns a path that may be shown. What does not look like the name of a field is not:
// a config whose braces are wrong can have a secret there.
func shownPath(path []string) string {
	const hidden = "a field whose name is not shown"
	length := 0
	for _, name := range path {
		length += len(name)
	}
	if length > maxShown { // before it is copied
		return hidden
	}
	if slices.ContainsFunc(path, isLikeAToken) {
		return hidden
	}
	shown := strings.Join(path, ".")
	if len(shown) > maxShown || strings.Trim(shown, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.") != "" {
		return hidden
	}
	return shown
}

// isLikeAToken reports whether a name is no setting that somebody has mistyped: none has two digits.
func isLikeAToken(name string) bool {
	const short = 8 // as a place in a list
	return len(name) >= short && len(strings.Trim(name, "0123456789")) > 0 && len(digits.FindAllString(name, 2)) == 2
}

var digits = regexp.MustCompile(`[0-9]`)

// unknownWarnings describes fields that are not settings, without their values.
func unknownWarnings(unknown []unknownField) (warnings []string) {
	for i, field := range unknown {
		if i == maxUnknown {
			return append(warnings, fmt.Sprintf("and %d more fields that are not settings", len(unknown)-maxUnknown))
		}
		warning := field.name() + " is not a setting and is ignored"
		if nearest := field.nearest(); nearest != "" {
			warning += fmt.Sprintf("; did you mean %s?", nearest)
		}
		warnings = append(warnings, warning)
	}
	return warnings
}

// hintURL says beside a URL that is missing which field may be meant to be it.
func hintURL(unknown []unknownField, problems *problemList) {
	problem, ok := problems.fields["url"]
	if !ok || !strings.HasPrefix(problem, "required") {
		return
	}
	for _, field := range unknown[:min(len(unknown), maxUnknown)] {
		if field.nearest() == "url" {
			problems.fields["url"] = fmt.Sprintf("%s; %s is not a setting, rename it to url", problem, field.name())
			return
		}
	}
}
