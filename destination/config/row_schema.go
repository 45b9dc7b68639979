package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"destination-webhook/destination/jsonschema"
)

// maxSchema is the size of a schema of rows.
const maxSchema = 256 << 10

// inlineSchemas replaces the schemas of rows that are objects by their texts. The texts are those
// of the config, as a tree keeps neither nulls nor all digits.
func inlineSchemas(tree map[string]any, raw jsontext.Value) {
	var streams []jsontext.Value
	_ = json.Unmarshal(member(raw, "streams"), &streams) // of no list there are none
	inlineSchema(tree, raw)
	list, _ := tree["streams"].([]any)
	for i, stream := range list {
		stream, _ := stream.(map[string]any)
		inlineSchema(stream, streams[i])
	}
}

// inlineSchema does so for the payload of the config, or of a stream.
func inlineSchema(tree map[string]any, raw jsontext.Value) {
	payload, _ := tree["payload"].(map[string]any)
	if _, isObject := payload["schema"].(map[string]any); isObject {
		payload["schema"] = string(member(member(raw, "payload"), "schema"))
	}
}

// member returns the text of an object's member; nil if there is none.
func member(object jsontext.Value, name string) jsontext.Value {
	var members map[string]jsontext.Value
	_ = json.Unmarshal(object, &members) // what is no object has no members
	return members[name]
}

// readSchemas puts the schemas that files have in the place of the files' names. folder has the
// files beside the config; nil: there are none.
func (c *Config) readSchemas(folder fs.FS, problems *problemList) {
	read := func(field string, schema *string) {
		if *schema == "" || strings.HasPrefix(strings.TrimSpace(*schema), "{") {
			return
		}
		text, err := readSchema(folder, *schema)
		if err != nil {
			problems.add(strings.TrimPrefix(field+".payload.schema", "."), err.Error())
		}
		*schema = text
	}
	read("", &c.Payload.Schema)
	for i := range c.Streams {
		read(fmt.Sprintf("streams.%d", i), &c.Streams[i].Payload.Schema)
	}
}

// readSchema reads a file beside the config. What it says quotes neither the name, which may be a
// secret in the wrong place, nor what is in the file.
func readSchema(folder fs.FS, name string) (string, error) {
	switch {
	case strings.ContainsAny(name, "/\\\n"):
		return "", errors.New("expected a JSON Schema, which begins with {, or the name of a file beside the config, without a folder")
	case folder == nil:
		return "", errors.New("expected a JSON Schema, which begins with {, as there is no folder with files beside the config")
	}
	info, err := fs.Stat(folder, name)
	if err != nil || !info.Mode().IsRegular() {
		return "", errors.New("expected a JSON Schema, which begins with {, or a file beside the config, there is none of that name")
	}
	file, err := folder.Open(name)
	if err != nil {
		return "", errors.New("expected a file beside the config that may be read")
	}
	defer func() { _ = file.Close() }()
	text, err := io.ReadAll(io.LimitReader(file, maxSchema+1))
	switch {
	case err != nil:
		return "", errors.New("expected a file beside the config that can be read to its end")
	case len(text) > maxSchema:
		return "", fmt.Errorf("expected a file of at most %d bytes", maxSchema)
	}
	return strings.TrimPrefix(string(text), "\uFEFF"), nil
}

// checkSchema adds what is wrong with a schema of rows.
func checkSchema(problems *problemList, field, schema string) {
	if schema == "" {
		return
	}
	if _, err := jsonschema.Compile([]byte(schema)); err != nil {
		problems.add(field, err.Error())
	}
}
