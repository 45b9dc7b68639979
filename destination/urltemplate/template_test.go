package urltemplate

import (
	"net/url"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/google/go-cmp/cmp"
)

// templates are templates with what Parse expects in place of a part of them.
var templates = map[string]string{
	"https://h/a/{primary_key}":              "",
	"https://h/a/{data.address.city}.json":   "",
	"https://h/a{/primary_key*}":             "",
	"https://h/a/{primary_key.0}/b{?stream}": "",
	"https://h/a?b=1{&stream,namespace}":     "",
	"https://h/a;v=1{;stream}{.namespace}":   "",
	"https://h?x={data.a%2Db}":               "",
	"https://h/ä/%7B{stream}":                "",

	"https://{stream}.example.com/a":              "scheme, host and port without variables, as no row may choose where it is sent: put variables after the / that ends the host (column 9)",
	"http{data.s}://h/a":                          "scheme, host and port without variables, as no row may choose where it is sent: put variables after the / that ends the host (column 5)",
	"https://h:{data.port}/a":                     "scheme, host and port without variables, as no row may choose where it is sent: put variables after the / that ends the host (column 11)",
	"https://h{/primary_key}":                     "scheme, host and port without variables, as no row may choose where it is sent: put variables after the / that ends the host (column 10)",
	"https://h/{id":                               "a } that closes this {, or %7B for a brace (column 11)",
	"https://h/id}":                               "a { before this }, or %7D for a brace (column 13)",
	"https://h/{}":                                "a variable between the braces, such as {primary_key} (column 12)",
	"https://h/{{primary_key}}":                   "one pair of braces around a variable, found another { (column 12)",
	"https://h/${primary_key}":                    "no $ before a variable (column 11)",
	"https://h/{+primary_key}":                    "a variable without + or # before it, which would let a value change the path (column 12)",
	"https://h/{=primary_key}":                    "a variable, or one of the operators / ? & ; . before it (column 12)",
	"https://h/{,stream}":                         "a variable, or one of the operators / ? & ; . before it (column 12)",
	"https://h/{?}":                               "a variable that is one of primary_key, stream, namespace, or data. and the path of a field (column 13)",
	"https://h/?a=b{?stream}":                     "& in place of ?, since the query has begun before it (column 16)",
	"https://h/{?stream}{?namespace}":             "& in place of ?, since the query has begun before it (column 21)",
	"https://h/{&stream}":                         "? in place of &, since no query has begun before it (column 12)",
	"https://h/ä/{id}":                            "a variable that is one of primary_key, stream, namespace, or data. and the path of a field (column 14)",
	"https://h/{Primary_Key}":                     "a variable that is one of primary_key, stream, namespace, or data. and the path of a field (column 12)",
	"https://h/{stream.name}":                     "a variable that is one of primary_key, stream, namespace, or data. and the path of a field (column 12)",
	"https://h/{data}":                            "a field after data, such as {data.id} (column 12)",
	"https://h/{data.}":                           "the path of a field after data, such as {data.address.city}, with characters other than letters, digits and _ as %XX (column 12)",
	"https://h/{data.a..b}":                       "the path of a field after data, such as {data.address.city}, with characters other than letters, digits and _ as %XX (column 12)",
	"https://h/{data.a%2}":                        "the path of a field after data, such as {data.address.city}, with characters other than letters, digits and _ as %XX (column 12)",
	"https://h/{data.user-id}":                    "letters, digits, _ and . in a name, other characters as %XX (column 21)",
	"https://h/{data.id:3}":                       "a whole value: rows of the same beginning would share a URL (column 19)",
	"https://h/{data.tags*}":                      "no * after the variable, only primary_key can be a list (column 21)",
	"https://h/{primary_key.id}":                  "the place of a field of the key after primary_key., from 0, such as {primary_key.0} (column 12)",
	"https://h/{primary_key.0*}":                  "no * after one field of the key (column 25)",
	"https://h/{stream,}":                         "a variable that is one of primary_key, stream, namespace, or data. and the path of a field (column 19)",
	"https://h/%zz/{stream}":                      "two hexadecimal digits after this %, or %25 for a percent sign (column 11)",
	"https://h/{stream}/%4":                       "two hexadecimal digits after this %, or %25 for a percent sign (column 20)",
	"https://h/" + strings.Repeat("{stream}", 50): "",
	"https://h/" + strings.Repeat("{stream}", 51): "at most 50 variables (column 412)",
	"https://h/<x>/{stream}":                      "%3C in place of this character (column 11)",
	"https://h/{stream}/\x00":                     "expected a URL of characters that URLs may have, others as %XX",
}

func TestParseSaysWhatWasExpected(t *testing.T) {
	for template, want := range templates {
		_, err := Parse(template)
		switch {
		case err == nil && want != "":
			t.Errorf("%s is accepted, want: expected %s", template, want)
		case err != nil && strings.TrimPrefix(err.Error(), "expected ") != strings.TrimPrefix(want, "expected "):
			t.Errorf("%s\n says %v\nwant expected %s", template, err, want)
		}
	}
}

func valuesOf(key string, fields ...string) *Values {
	v := &Values{Stream: "users", PrimaryKey: []byte(key)}
	for _, f := range fields {
		v.Fields = append(v.Fields, []byte(f))
	}
	return v
}

const none = "no URL can be made for it: "

var expandTests = []struct {
	template string
	values   *Values
	want     string
}{
	{"https://h/constant?a=%zz", valuesOf(""), "https://h/constant?a=%zz"},
	{"https://h/u/{primary_key}", valuesOf(`"42"`), "https://h/u/42"},
	{"https://h/u/{primary_key}", valuesOf(`"a/b?c#d e%41"`), "https://h/u/a%2Fb%3Fc%23d%20e%2541"},
	{"https://h/u/{primary_key}", valuesOf(`"ü€😀\u0100\ufffd"`), "https://h/u/%C3%BC%E2%82%AC%F0%9F%98%80%C4%80%EF%BF%BD"},
	{"https://h/u/{primary_key}", valuesOf(`"..."`), "https://h/u/..."},
	{"https://h/u/{primary_key}", valuesOf(`"a\nb"`), "https://h/u/a%0Ab"},
	{"https://h/u/{primary_key}", valuesOf(`["a","b,c"]`), "https://h/u/a,b%2Cc"},
	{"https://h/u{/primary_key*}", valuesOf(`["a","b/c"]`), "https://h/u/a/b%2Fc"},
	{"https://h/t/{primary_key.1}/u/{primary_key.0}", valuesOf(`["a","b"]`), "https://h/t/b/u/a"},
	{"https://h/u/{primary_key.0}", valuesOf(`"a"`), "https://h/u/a"},
	{"https://h/u/{data.n}/{data.b}", valuesOf("", `1.50e3`, `true`), "https://h/u/1.50e3/true"},
	{"https://h/u/{data.n}?n={data.n}", valuesOf("", `7`, `7`), "https://h/u/7?n=7"},
	{"https://h/u{?stream,namespace}", valuesOf(""), "https://h/u?stream=users"},
	{"https://h/u?a=1{&stream,namespace}", valuesOf(""), "https://h/u?a=1&stream=users"},
	{"https://h/{namespace}/{stream}", &Values{Stream: "u/1", Namespace: "é"}, "https://h/%C3%A9/u%2F1"},

	{"https://h/u/{primary_key}", valuesOf(""), none + "{primary_key} has no value"},
	{"https://h/u/{primary_key.2}", valuesOf(`["a","b"]`), none + "{primary_key.2} has no value"},
	{"https://h/u/{primary_key}", valuesOf(`""`), none + "{primary_key} is empty"},
	{"https://h/u/{primary_key}", valuesOf(`["a",""]`), none + "{primary_key} is empty"},
	{"https://h/u{/primary_key*}", valuesOf(`["a",".."]`), none + "{primary_key} is . or .., which leads to another path"},
	{"https://h/u/{primary_key}", valuesOf(`["a",null]`), none + "{primary_key} has no value"},
	{"https://h/u/{primary_key.0}", valuesOf(`["a",null]`), "https://h/u/a"},
	{"https://h/u/{primary_key.1}", valuesOf(`["a",null]`), none + "{primary_key.1} has no value"},
	{"https://h/u/{primary_key}", valuesOf(`["a",`), none + "{primary_key} has a character that no URL can have"},
	{"https://h/u/{data.x}", valuesOf("", `"."`), none + "{data.x} is . or .., which leads to another path"},
	{"https://h/u/{data.x}", valuesOf("", `"\u002e."`), none + "{data.x} is . or .., which leads to another path"},
	{"https://h/u/{data.x}", valuesOf("", ``), none + "{data.x} has no value"},
	{"https://h/u/{data.x}", valuesOf("", `null`), none + "{data.x} has no value"},
	{"https://h/u{?data.x}", valuesOf("", `null`), none + "{data.x} has no value"},
	{"https://h/u/{data.x}", valuesOf("", `{}`), none + "{data.x} is an object or a list"},
	{"https://h/u/{data.x}", valuesOf("", `[1]`), none + "{data.x} is an object or a list"},
	{"https://h/u/{data.x}", valuesOf("", `"a\u0000b"`), none + "{data.x} has a character that no URL can have"},
	{"https://h/u/{data.x}", valuesOf("", `"\ud800"`), none + "{data.x} has a character that no URL can have"},
	{"https://h/u/{data.x}", valuesOf("", `"`+strings.Repeat("x", maxValue+1)+`"`), none + "{data.x} is longer than a URL may be"},
	{"https://h/u/{namespace}", valuesOf(""), none + "{namespace} is empty"},
}

func TestExpand(t *testing.T) {
	for _, test := range expandTests {
		template, err := Parse(test.template)
		if err != nil {
			t.Fatal(err)
		}
		got, err := template.Expand(test.values)
		if err != nil {
			got = err.Error()
		}
		if got != test.want {
			t.Errorf("%s\n got %s\nwant %s", test.template, got, test.want)
		}
	}
}

// Whatever a value is, the URL has the template's host and as many segments as the template, and
// the value is what a server decodes: no two values share a URL.
func FuzzExpand(f *testing.F) {
	for _, value := range []string{"a", "..", "../admin", "//evil.example", "a@b:80", "?x=1", "#", "%2e%2e", "\x00", "ü", "a\\b", strings.Repeat("a", 3000)} {
		f.Add(value)
	}
	template, err := Parse("https://h:8080/a/{primary_key}/c?d={primary_key}")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, value string) {
		key, err := jsontext.AppendQuote(nil, value)
		if err != nil {
			t.Skip()
		}
		address, err := template.Expand(&Values{PrimaryKey: key})
		if err != nil {
			return
		}
		u, err := url.Parse(address)
		if err != nil || u.Host != "h:8080" || strings.Count(u.EscapedPath(), "/") != 3 {
			t.Fatalf("%q makes %s: %v", value, address, err)
		}
		got, _ := url.PathUnescape(strings.Split(u.EscapedPath(), "/")[2])
		if got != value || u.Query().Get("d") != value {
			t.Errorf("%q arrives as %q and %q", value, got, u.Query().Get("d"))
		}
	})
}

func TestWhatATemplateIs(t *testing.T) {
	type facts struct {
		Row             bool
		Fields          [][]string
		Key             int
		Fixed, Literals string
	}
	for text, want := range map[string]facts{
		"https://h/a":               {Fixed: "https://h/a", Literals: "https://h/a"},
		"https://h/a/{stream}":      {Fixed: "https://h/a/", Literals: "https://h/a/"},
		"https://h/a/{primary_key}": {Row: true, Key: 1, Fixed: "https://h/a/", Literals: "https://h/a/"},
		"https://h/t0ken/{primary_key.2}/b?k=v{&data.a%2Db.c}": {Row: true, Key: 3, Fields: [][]string{{"a-b", "c"}}, Fixed: "https://h/t0ken/", Literals: "https://h/t0ken//b?k=v"},
		"https://h/a?customer={data.id}&key=s3cret":            {Row: true, Fields: [][]string{{"id"}}, Fixed: "https://h/a?customer=", Literals: "https://h/a?&key=s3cret"},
	} {
		template, err := Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		got := facts{template.NamesRow(), template.Fields(), template.KeyFields(), template.Fixed(), template.Literals()}
		if diff := cmp.Diff(want, got); diff != "" || template.String() != text {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
	}
}
