package protocol

import (
	"strings"
	"testing"
)

func TestSkippedLinesByKind(t *testing.T) {
	const record = `{"type":"RECORD","record":{"stream":"s","data":{}}}` + "\n"
	for name, test := range map[string]struct{ text, want, err string }{
		"nothing":                                {"", "", ""},
		"blank lines":                            {"\n \n", "", ""},
		"objects":                                {`{"id":1}` + "\n" + `{"id":2}` + "\n", `2 JSON objects without a "type"`, "no line of the input is an Airbyte message (2 JSON objects"},
		"a type in lower case":                   {strings.Repeat(strings.ToLower(record), 3), `3 JSON objects whose "type" Airbyte does not have (types are upper case)`, "no line"},
		"a type that is null":                    {`{"type":null}` + "\n", `1 JSON objects whose "type" Airbyte does not have (types are upper case)`, "no line"},
		"an array on a line":                     {"[" + strings.TrimSpace(record) + "]\n", "1 JSON arrays", "no line"},
		"CSV":                                    {"id,name\n1,a\n", "2 not JSON objects", "no line"},
		"some":                                   {"banner\n" + record + `{"id":1}` + "\n", `1 not JSON objects, 1 JSON objects without a "type"`, ""},
		"messages that a destination ignores":    {`{"type":"LOG"}` + "\n" + `{"type":"DESTINATION_CATALOG"}` + "\n", "", ""},
		"noise beside a message that is ignored": {"x\n" + `{"type":"LOG"}` + "\n", "1 not JSON objects", ""},
	} {
		var d Decoder
		if _, err := decodeAll(&d, test.text); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		s := d.Skipped()
		if got := s.String(); got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
		if err := s.Err(); err == nil && test.err != "" || err != nil && (test.err == "" || !strings.HasPrefix(err.Error(), test.err)) {
			t.Errorf("%s: error %v, want %q", name, err, test.err)
		}
	}
}

func TestInputThatIsNotLinesOfText(t *testing.T) {
	for text, want := range map[string]string{
		"\x1F\x8B\x08\x00rest\n": "line 1, byte 0 of the input: the input is compressed: decompress it first",
		"\xFF\xFE{\x00}\x00\n":   "line 1, byte 0 of the input: the input is UTF-16 text: convert it to UTF-8",
		"{\x00}\x00\n":           "line 1, byte 0 of the input: the input is UTF-16 text: convert it to UTF-8",
	} {
		var d Decoder
		if _, err := decodeAll(&d, text); err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}
