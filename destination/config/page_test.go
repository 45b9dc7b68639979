package config

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the files that are made from others instead of comparing them")

const configurationPage = "../../docs/configuration.md"

// TestConfigurationPage keeps the tables of the page equal to spec.json.
func TestConfigurationPage(t *testing.T) {
	page, err := os.ReadFile(configurationPage)
	if err != nil {
		t.Fatal(err)
	}
	want, err := replaceFields(string(page), fieldTables(connectionSpecification(t)))
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(configurationPage, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, string(page)); diff != "" {
		t.Errorf("%s is not up to date, run this test with -update (-want +got):\n%s", configurationPage, diff)
	}
}

var configBlock = regexp.MustCompile("(?s)```json\n(.*?)```")

// TestConfigurationPageExamples parses the configs that the page shows.
func TestConfigurationPageExamples(t *testing.T) {
	page, err := os.ReadFile(configurationPage)
	if err != nil {
		t.Fatal(err)
	}
	blocks := configBlock.FindAllStringSubmatch(string(page), -1)
	if len(blocks) == 0 {
		t.Error("no example on the page")
	}
	for _, block := range blocks {
		if _, err := Parse(readSpec(t), []byte(block[1])); err != nil {
			t.Errorf("%v in the example\n%s", err, block[1])
		}
	}
}

// replaceFields puts tables between the page's two marks.
func replaceFields(page, tables string) (string, error) {
	head, rest, begun := strings.Cut(page, "<!-- fields: ")
	mark, rest, ended := strings.Cut(rest, "-->\n")
	_, tail, closed := strings.Cut(rest, "<!-- /fields -->")
	if !begun || !ended || !closed {
		return "", fmt.Errorf("%s has no marks for the fields", configurationPage)
	}
	return head + "<!-- fields: " + mark + "-->\n" + tables + "<!-- /fields -->" + tail, nil
}

// fieldTables writes one table for each group of the form, in the form's order.
func fieldTables(root object) string {
	var page strings.Builder
	for _, group := range root.list("groups") {
		group := object(group.(map[string]any))
		fmt.Fprintf(&page, "\n### %s\n\n", group.text("title"))
		page.WriteString("| field | type | default | what it does |\n|---|---|---|---|\n")
		writeRows(&page, "", root, func(property object) bool { return property.text("group") == group.text("id") })
	}
	return page.String() + "\n"
}

func writeRows(page *strings.Builder, prefix string, node object, wanted func(object) bool) {
	properties := node.object("properties")
	names := properties.names()
	slices.SortFunc(names, func(a, b string) int {
		return int(properties.object(a)["order"].(float64) - properties.object(b)["order"].(float64))
	})
	for _, name := range names {
		property := properties.object(name)
		if !wanted(property) {
			continue
		}
		required := slices.Contains(node.list("required"), any(name))
		fmt.Fprintf(page, "| `%s` | %s | %s | %s |\n",
			prefix+name, typeColumn(property), defaultColumn(property, required), property.text("description"))
		writeNested(page, prefix+name, property)
	}
}

func writeNested(page *strings.Builder, path string, property object) {
	all := func(object) bool { return true }
	switch property.text("type") {
	case "object":
		writeChoice(page, path, property)
		writeRows(page, path+".", property, all)
	case "array":
		writeRows(page, path+"[].", property.object("items"), all)
	}
}

// writeChoice writes a row for the options of a oneOf, and the fields of each.
func writeChoice(page *strings.Builder, path string, property object) {
	var names []string
	choiceName := choiceName(property)
	for _, option := range property.list("oneOf") {
		name := object(option.(map[string]any)).object("properties").object(choiceName).text("const")
		names = append(names, "`"+name+"`")
	}
	if names != nil {
		fmt.Fprintf(page, "| `%s.%s` | %s | %s | Chooses one of these. |\n", path, choiceName, strings.Join(names, ", "), names[0])
	}
	for i, option := range property.list("oneOf") {
		fields := func(property object) bool { return property["const"] == nil }
		writeRows(page, path+" ("+strings.Trim(names[i], "`")+").", object(option.(map[string]any)), fields)
	}
}

func typeColumn(property object) string {
	text := typeName(property)
	if property["airbyte_secret"] == true {
		text += " 🔒"
	}
	return text
}

// typeName says what the type is, as a reader of JSON calls it.
func typeName(property object) string {
	switch property.text("type") {
	case "string":
		if choices := property.list("enum"); choices != nil {
			return "`" + strings.Trim(strings.ReplaceAll(fmt.Sprint(choices), " ", "`, `"), "[]") + "`"
		}
		return "text"
	case "integer":
		return "whole number, " + rangeOf(property)
	case "number":
		return "number, " + rangeOf(property)
	case "boolean":
		return "true or false"
	case "array":
		return "list of " + plural[property.object("items").text("type")]
	default:
		return "object"
	}
}

var plural = map[string]string{"object": "objects", "array": "paths", "string": "texts"}

func rangeOf(property object) string {
	return plainNumber(property["minimum"].(float64)) + " to " + plainNumber(property["maximum"].(float64))
}

func defaultColumn(property object, required bool) string {
	switch value := property["default"].(type) {
	case nil:
		if required {
			return "**required**"
		}
		return "–"
	case float64:
		return "`" + plainNumber(value) + "`"
	default:
		return fmt.Sprintf("`%v`", value)
	}
}

func TestFieldTables(t *testing.T) {
	var root object
	if err := json.Unmarshal([]byte(`{
		"groups": [{"id": "one", "title": "First"}, {"id": "two", "title": "Second"}],
		"required": ["key"],
		"properties": {
			"list": {"group": "two", "order": 2, "type": "array", "description": "Lists.", "items": {"type": "object", "required": ["n"],
				"properties": {"n": {"order": 0, "type": "integer", "minimum": 1, "maximum": 67108864, "description": "Counts."}}}},
			"mode": {"group": "two", "order": 1, "type": "string", "enum": ["a", "b"], "default": "b", "description": "Chooses."},
			"key": {"group": "one", "order": 3, "type": "string", "airbyte_secret": true, "description": "Opens."},
			"pick": {"group": "one", "order": 5, "type": "object", "description": "Picks.", "oneOf": [
				{"properties": {"type": {"order": 0, "type": "string", "const": "none"}}},
				{"required": ["p"], "properties": {"type": {"order": 0, "type": "string", "const": "file"},
					"p": {"order": 1, "type": "string", "description": "Points."}}}]},
			"on": {"group": "one", "order": 4, "type": "boolean", "default": false, "description": "Switches."}
		}}`), &root); err != nil {
		t.Fatal(err)
	}
	want := `
### First

| field | type | default | what it does |
|---|---|---|---|
| ` + "`key`" + ` | text 🔒 | **required** | Opens. |
| ` + "`on`" + ` | true or false | ` + "`false`" + ` | Switches. |
| ` + "`pick`" + ` | object | – | Picks. |
| ` + "`pick.type`" + ` | ` + "`none`, `file`" + ` | ` + "`none`" + ` | Chooses one of these. |
| ` + "`pick (file).p`" + ` | text | **required** | Points. |

### Second

| field | type | default | what it does |
|---|---|---|---|
| ` + "`mode`" + ` | ` + "`a`, `b`" + ` | ` + "`b`" + ` | Chooses. |
| ` + "`list`" + ` | list of objects | – | Lists. |
| ` + "`list[].n`" + ` | whole number, 1 to 67108864 | **required** | Counts. |

`
	if diff := cmp.Diff(want, fieldTables(root)); diff != "" {
		t.Errorf("tables (-want +got):\n%s", diff)
	}
}
