package main

import (
	"fmt"
	"strings"
	"testing"

	"destination-webhook/receiver"
)

// batch is a request with the records at some positions.
func batch(id string, positions ...int) receiver.Request {
	var rows []string
	for _, i := range positions {
		rows = append(rows, fmt.Sprintf(`{"data":{"position":%d}}`, i))
	}
	return receiver.Request{WebhookID: id, Body: []byte(`{"rows":[` + strings.Join(rows, ",") + `]}`)}
}

func TestCompare(t *testing.T) {
	type life = []receiver.Request
	tests := map[string]struct {
		lives []life
		want  string
	}{
		"the same again":            {[]life{{batch("a", 1, 2)}, {batch("a", 1, 2), batch("b", 3)}}, ""},
		"halves of the same batch":  {[]life{{batch("a", 1, 2)}, {batch("a", 1, 2), batch("b", 1), batch("c", 2)}}, ""},
		"two names for a body":      {[]life{{batch("a", 1)}, {batch("b", 1)}}, "two Webhook-Ids"},
		"two bodies of a name":      {[]life{{batch("a", 1), batch("a", 2)}}, "two bodies"},
		"another batch":             {[]life{{batch("a", 1, 2)}, {batch("b", 2, 3)}}, "another batch before"},
		"a cut request is no proof": {[]life{{batch("a", 1, 2)}, {{WebhookID: "b", Body: []byte(`{"rows":[{"da`), Problem: "cut off"}}}, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			err := compare(test.lives, true)
			if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
				t.Errorf("compare: %v, want %q", err, test.want)
			}
		})
	}
	if err := compare(tests["another batch"].lives, false); err != nil {
		t.Errorf("batches that are not steady may differ: %v", err)
	}
}

func TestAudience(t *testing.T) {
	source := read{rows: map[string]int{"a": 1, "b": 2}}
	tests := map[string]struct {
		rows string
		only bool
		want string
	}{
		"equal":             {`{"operation":"added","primary_key":"b","data":{"id":"b","value":2}}`, true, ""},
		"changed":           {`{"operation":"added","primary_key":"b","data":{"id":"b","value":1}}` + "\n" + `{"operation":"changed","primary_key":"b","data":{"id":"b","value":2}}`, true, ""},
		"one missing":       {``, true, "b is"},
		"an old value":      {`{"operation":"added","primary_key":"b","data":{"id":"b","value":1}}`, true, "b is"},
		"one too many":      {`{"operation":"added","primary_key":"c","data":{}}` + "\n" + `{"operation":"added","primary_key":"b","data":{"id":"b","value":2}}`, true, "c has left"},
		"one that may stay": {`{"operation":"added","primary_key":"c","data":{}}` + "\n" + `{"operation":"added","primary_key":"b","data":{"id":"b","value":2}}`, false, ""},
		"removed":           {`{"operation":"added","primary_key":"b","data":{"id":"b","value":2}}` + "\n" + `{"operation":"removed","primary_key":"a","data":{}}`, true, "a is"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			a := newAudience("mirror")
			a.rows["a"] = 1
			if _, err := a.Write([]byte(test.rows)); err != nil {
				t.Fatal(err)
			}
			err := a.compare(source, test.only)
			if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
				t.Errorf("compare: %v, want %q", err, test.want)
			}
		})
	}
}
