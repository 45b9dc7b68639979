package main

import (
	"math/rand/v2"
	"net/url"
	"regexp"
	"strconv"

	"destination-webhook/receiver"
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
}

// shown is how many of the payloads show the operation of a row.
const shown = 8

// drawPayload chooses by a generator of its own, so that a seed draws the rest of its plan as ever.
// One row in each request takes too long at an endpoint that fails often.
func drawPayload(seed uint64, most int, f *receiver.Faults) payload {
	p := payloads[rand.New(rand.NewPCG(seed, 3)).IntN(most)]
	if fails := f.Percent > 0 || f.Every > 0 || f.Capacity > 0; fails && (p["format"] == "single" || p["format"] == "form") {
		return payloads[2]
	}
	return p
}

var position = regexp.MustCompile(`"position":(\d+)`)

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
