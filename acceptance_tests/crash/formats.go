package main

import (
	"net/url"
	"regexp"
	"strconv"
)

// payload is the config of the bodies' format.
type payload map[string]any

// payloads are the formats whose rows show their operation, and whose rows may be their data alone.
var payloads = []payload{
	{"format": "envelope"},
	{"format": "envelope", "transform": "."},
	{"format": "array", "row": "full"},
	{"format": "ndjson", "row": "full"},
	{"format": "wrapped", "row": "full", "wrapper": `{"batch":"$webhook_id","items":"$rows"}`},
	{"format": "array", "row": "full", "transform": "if $operation == \"removed\" then . else . + {} end"},
	{"format": "single", "row": "full"},
	{"format": "form", "row": "full"},
	{"format": "array"},
	{"format": "ndjson"},
	{"format": "ndjson", "transform": "select(. != null) | ."},
	{"format": "wrapped", "wrapper": `{"items":"$rows","of":["$stream"]}`},
	{"format": "single"},
	{"format": "form"},
	{"format": "wrapped", "wrapper": `{"n":1.0,"items":"$rows"}`, "transform": ". + {}"},
	{"format": "single", "transform": "."},
	{"format": "form", "transform": "."},
}

// shown is how many of the payloads show the operation of a row.
const shown = 8

// drawPayload takes the payloads in turn, so that a few dozen runs have each of them.
func drawPayload(seed uint64, most int) payload { return payloads[seed%uint64(most)] }

// oneRow reports whether each request has one row.
func (p payload) oneRow() bool { return p["format"] == "single" || p["format"] == "form" }

var position = regexp.MustCompile(`(?:"position":|\bposition=)(\d+)`)

// positions returns those of the records in a body, whatever its format.
func positions(body []byte) (all []int) {
	text := string(body)
	if plain, err := url.QueryUnescape(text); err == nil && text[0] != '{' && text[0] != '[' {
		text = plain
	}
	for _, found := range position.FindAllStringSubmatch(text, -1) {
		i, _ := strconv.Atoi(found[1]) // it is made of digits
		all = append(all, i)
	}
	return all
}
