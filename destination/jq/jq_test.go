package jq

import (
	"errors"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// outputs runs a program and returns its outputs as lines.
func outputs(t *testing.T, program, input string, variables ...any) (string, error) {
	t.Helper()
	var names []string
	for range variables {
		names = append(names, "$operation")
	}
	p, err := Compile(program, names...)
	if err != nil {
		return "", err
	}
	var lines []string
	err = p.Run([]byte(input), variables, func(v any) error {
		lines = append(lines, string(Append(nil, v)))
		return nil
	})
	return strings.Join(lines, "\n"), err
}

func TestProgramsComputeWhatJQComputes(t *testing.T) {
	for _, test := range []struct{ program, input, want string }{
		{`.`, `{"b":1.0,"a":[2.50,1e400,-0,1234567890123456789012345678901]}`, `{"a":[2.50,1e400,-0,1234567890123456789012345678901],"b":1.0}`},
		{`{id, name: .user.name}`, `{"id":1,"user":{"name":"x"}}`, `{"id":1,"name":"x"}`},
		{`.a + .b, .a - .b, .a * .b, .a / .b, .a % .b`, `{"a":7,"b":2}`, "9\n5\n14\n3.5\n1"},
		{`(1,2) + (10,20)`, `null`, "11\n12\n21\n22"},
		{`.a += 1 | .b -= 1 | .c *= 2 | .d //= "x" | .e |= . + 1`, `{"a":1,"b":1,"c":3,"e":4}`, `{"a":2,"b":0,"c":6,"d":"x","e":5}`},
		{`.a[] |= . * 2`, `{"a":[1,2]}`, `{"a":[2,4]}`},
		{`.a.b = 1`, `{}`, `{"a":{"b":1}}`},
		{`.a += (1,2)`, `{"a":1}`, `{"a":2}` + "\n" + `{"a":3}`},
		{`"x\(.a)y\(.b)"`, `{"a":1,"b":"z"}`, `"x1yz"`},
		{`@base64 "x\(.a)", (.a | @json), @text "\(.)"`, `{"a":"b"}`, `"xYg=="` + "\n" + `"\"b\""` + "\n" + `"{\"a\":\"b\"}"`},
		{`{"a\(.b)"}, {"k\(.b)": 1}, ."a\(.b)", .["a\(.b)"]`, `{"b":1,"a1":5}`, `{"a1":5}` + "\n" + `{"k1":1}` + "\n5\n5"},
		{`. as {"a\(1)": $x} | $x`, `{"a1":5}`, `5`},
		{`[.[] | select(.x == 1 and .y != 2) | .z]`, `[{"x":1,"y":1,"z":1},{"x":1,"y":2,"z":2}]`, `[1]`},
		{`map(.a) | add, length, (sort_by(.) | reverse), (tojson), join("-")`, `[{"a":1},{"a":3}]`, "4\n2\n[3,1]\n\"[1,3]\"\n\"1-3\""},
		{`to_entries, with_entries(.value += 1), (paths | join("."))`, `{"a":1}`, `[{"key":"a","value":1}]` + "\n" + `{"a":2}` + "\n" + `"a"`},
		{`[..]`, `[[1]]`, `[[[1]],[1],1]`},
		{`.[1:], .[:1], .[]?, (.[0:1] = [9])`, `[1,2]`, "[2]\n[1]\n1\n2\n[9,2]"},
		{`.a[]?`, `{"a":1}`, ``},
		{`walk(if type == "number" then . + 1 else . end)`, `{"a":[1,{"b":2}]}`, `{"a":[2,{"b":3}]}`},
		{`gsub("[a-c]"; "x"), sub("b"; "y"), test("^a"), [scan(".")], (split("b") | length), splits("b")`, `"abc"`, "\"xxx\"\n\"ayc\"\ntrue\n[\"a\",\"b\",\"c\"]\n2\n\"a\"\n\"c\""},
		{`capture("(?<y>\\d+)-(?<m>\\d+)")`, `"2026-11"`, `{"m":"11","y":"2026"}`},
		{`def f: if . > 3 then . else . + 1 | f end; f`, `0`, `4`},
		{`def map(f): "mine"; map(.)`, `0`, `"mine"`},
		{`[limit(3; repeat(1))], first(range(5;10)), [range(0;6;2)], isempty(empty)`, `null`, "[1,1,1]\n5\n[0,2,4]\ntrue"},
		{`reduce .[] as $x (0; . + $x), [foreach .[] as $x (0; . + $x)], (any(. > 2), all(. > 0))`, `[1,2,3]`, "6\n[1,3,6]\ntrue\ntrue"},
		{`label $out | .[] | if . == 2 then break $out else . end`, `[1,2,3]`, "1"},
		{`try error("x") catch ., (.a? // "none")`, `{"a":null}`, "\"x\"\n\"none\""},
		{`del(.a), pick(.b), (path(.c.b) | tojson), getpath(["a"]), setpath(["c"]; 1)`, `{"a":1,"b":2}`, "{\"b\":2}\n{\"b\":2}\n\"[\\\"c\\\",\\\"b\\\"]\"\n1\n{\"a\":1,\"b\":2,\"c\":1}"},
		{`.t | fromdate | todate, strftime("%Y")`, `{"t":"2026-11-28T01:02:03Z"}`, "\"2026-11-28T01:02:03Z\"\n\"2026\""},
		{`group_by(.a) | map(length), (flatten | unique_by(.a) | length)`, `[{"a":1},{"a":1},{"a":2}]`, "[2,1]\n2"},
		{`index("b"), indices("b"), contains("b"), inside("abc"), startswith("a"), ltrimstr("a"), ascii_upcase, ("-" | . * 3)`, `"abc"`, "1\n[1]\ntrue\ntrue\ntrue\n\"bc\"\n\"ABC\"\n\"---\""},
		{`transpose, IN([[1],[2]]), (combinations | tojson)`, `[[1],[2]]`, "[[1,2]]\ntrue\n\"[1,2]\""},
		{`empty`, `{}`, ``},
		{`"\ud83d\ude00é\n", nan, infinite`, `null`, "\"😀é\\n\"\nnull\n1.7976931348623157e+308"},
	} {
		got, err := outputs(t, test.program, test.input)
		if err != nil || got != test.want {
			t.Errorf("%s on %s:\n got %s, %v\nwant %s", test.program, test.input, got, err, test.want)
		}
	}
}

func TestVariables(t *testing.T) {
	if got, err := outputs(t, `{($operation): .id}`, `{"id":1}`, "added"); got != `{"added":1}` || err != nil {
		t.Errorf("got %s, %v", got, err)
	}
}

// overBudget are programs that no sync could run, with the budget that each exceeds.
var overBudget = map[string]string{
	`def f: f; f`:               "steps",
	`def f: 1 + f; f`:           "steps",
	`[range(1e12)]`:             "steps",
	`repeat(.)`:                 "steps",
	`last(range(1e15))`:         "steps",
	`try (def f: f; f) catch 1`: "steps",
	`"x" * 1e9`:                 "memory",
	`1e9 * "x"`:                 "memory",
	`try ("x" * 1e9) catch 1`:   "memory",
	`[limit(100; repeat(try ("x" * 1e8) catch 1))]`:                       "memory",
	`reduce range(40) as $i ("x"; . + .)`:                                 "memory",
	`reduce range(40) as $i ("x"; "\(.)\(.)")`:                            "memory",
	`reduce range(40) as $i ("x"; . as $x | {} | path(."\($x)\($x)")[0])`: "memory",
	`reduce range(40) as $i ([1]; . + .)`:                                 "memory",
	`reduce range(40) as $i ([1]; [., .]) | tojson`:                       "memory",
	`reduce range(40) as $i ([1]; [., .]) | . == .`:                       "memory",
	`reduce range(40) as $i ([1]; [., .]) | flatten`:                      "memory",
	`reduce range(40) as $i ([1]; [., .])`:                                "memory",
	`reduce range(40) as $i ([1]; [., .]) | @json "\(.)"`:                 "memory",
	`reduce range(40) as $i ([1]; [., .]) | @text`:                        "memory",
	`reduce range(40) as $i (10; . * .)`:                                  "memory",
	`reduce range(40) as $i ({a: "x"}; .a += .a)`:                         "memory",
	`.[500000000] = 1`:                                                    "memory",
	`.[500000000] |= 1`:                                                   "memory",
	`.a.b[500000000] += 1`:                                                "memory",
	`setpath(["a", 500000000]; 1)`:                                        "memory",
	`pick(.[500000000])`:                                                  "memory",
	`[range(20000)] as $a | def f: $a[] | f; f`:                           "memory",
	`[range(20000)] | def f: . as $a | $a | map($a | f); f`:               "memory",
	`("x" * 1000000) as $s | [range(1000) | $s] | join(",")`:              "memory",
	`("x" * 1000000) as $s | [range(1000)] | map(tostring) | join($s)`:    "memory",
	`[[range(20000)]] + [range(20000) | []] | transpose`:                  "memory",
	`[range(5000)] as $a | $a - [range(4000) | -.]`:                       "memory",
	`("x" * 1000000) as $s | [range(1000) | $s] | map(ascii_upcase)`:      "memory",
	`("x" * 100000) | gsub("(a{900}|b{900}|c{900})"; "")`:                 "memory",
	`("x" * 1000000) as $s | [range(1000) | $s | .[1:]]`:                  "memory",
	`reduce range(12000) as $i (0; [.])`:                                  "depth",
	`reduce range(2400) as $i (0; [.]) | [path(..)]`:                      "memory",
	`("x" * 1000000) as $s | [range(5000)] | sort_by($s)`:                 "memory",
	`("x" * 1000000) | [match(""; "g")]`:                                  "memory",
	`("x" * 10000000) | indices("x")`:                                     "memory",
	`("x" * 10000000) | explode`:                                          "memory",
	`("[1,1],[1]" * 1000000) | fromjson`:                                  "memory",
	`("9" * 100000) | tonumber`:                                           "memory",
	`0 | strftime("%1024Y" * 100000)`:                                     "memory",
	`[range(5000)] | del(.[])`:                                            "memory",
	`[range(5000)] as $a | reduce range(9000) as $i ($a; .[0] = $i)`:      "memory",
}

// TestBudgets: programs that would run forever, or fill the memory, end with an error that names
// the budget, and no try catches it.
func TestBudgets(t *testing.T) {
	for program, budget := range overBudget {
		p, err := Compile(program)
		if err != nil {
			t.Errorf("%s: %v", program, err)
			continue
		}
		err = p.Run([]byte(`null`), nil, func(any) error { return nil })
		if want := "the program exceeds its budget of " + budget; err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", program, err, want)
		}
	}
}

// Somebody puts a secret in the place of a program. Its errors do not show it.
func TestCompileErrorsShowNoSecret(t *testing.T) {
	const secret = "s3cr3tTok3n"
	for _, program := range []string{
		"%s", "$%s", "@%s", "%s .%s", "Bearer %s", "%s-%s", `"%s`, "'%s'", `"\%s"`, "%s: %s", "sk_live_%s", "whsec_%s==", "if %s", ".[%s", "%s(1)", ".. %s", "1%s", "def %s: %s2; .",
		"import \"%s\" as a; .", "import \"%s", "label $x | break $%s", "try error(%s)", "%s::%s", "{%s", "{\"%s\" 1}", "reduce %s", "`%s`", "%s\x00", "a:%s@h", "correcthorsebatterystaple%s",
	} {
		text := strings.ReplaceAll(program, "%s", secret)
		if _, err := Compile(text, "$operation"); err == nil || strings.Contains(strings.ToLower(err.Error()), "tok3n") {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestCompileErrorsHaveAPlace(t *testing.T) {
	for program, want := range map[string]string{
		``:                        "line 1, column 1: expected a program, such as .",
		`{id: .id`:                "line 1, column 9: the program ends too early; expected the rest of it, such as a closing bracket or end",
		"{id: .id,\n name .name}": `line 2, column 7: unexpected token ".name"; expected an expression or an operator of jq`,
		`.a | nope(1)`:            "line 1, column 6: function not defined: nope/1; expected a function of jq's manual with as many arguments as after the /",
		`.a | $nope`:              "line 1, column 6: variable not defined: $nope; expected one of $operation, $stream",
		`@nope`:                   "line 1, column 1: format not defined: @nope; expected one of @text, @json, @html, @uri, @urid, @csv, @tsv, @sh, @base64, @base64d",
		`"\(.a"`:                  "line 1, column 7: the program ends too early; expected the rest of it, such as a closing bracket or end",
		`. as $_operand | 1`:      "line 1, column 6: $_operand is not available here; expected a program of its input and its variables alone",
		`_plus`:                   "line 1, column 1: _plus is not available here; expected a program of its input and its variables alone",
		`def _measure: .; .`:      "line 1, column 5: _measure is not available here; expected a program of its input and its variables alone",
		`.x | input`:              "line 1, column 6: input is not available here; expected a program of its input and its variables alone",
		`[inputs]`:                "line 1, column 2: inputs is not available here; expected a program of its input and its variables alone",
		`env.HOME`:                "line 1, column 1: env is not available here; expected a program of its input and its variables alone",
		`$ENV.HOME`:               "line 1, column 1: $ENV is not available here; expected a program of its input and its variables alone",
		`$__loc__`:                "line 1, column 1: $__loc__ is not available here; expected a program of its input and its variables alone",
		`now`:                     "line 1, column 1: now is not available here; expected a program of its input and its variables alone",
		`def now: 1; now`:         "line 1, column 5: now is not available here; expected a program of its input and its variables alone",
		`0 | localtime`:           "line 1, column 5: localtime is not available here; expected a program of its input and its variables alone",
		`debug`:                   "line 1, column 1: debug is not available here; expected a program of its input and its variables alone",
		`halt_error`:              "line 1, column 1: halt_error is not available here; expected a program of its input and its variables alone",
		`import "a" as b; .`:      "line 1, column 1: modules are not available; expected all of the program in one text",
		`include "a"; .`:          "line 1, column 1: modules are not available; expected all of the program in one text",
		`input_filename`:          "line 1, column 1: input_filename is not available here; expected a program of its input and its variables alone",
		`.é | 'x'`:                `line 1, column 2: unexpected token "é"; expected an expression or an operator of jq`,
	} {
		_, err := Compile(program, "$operation", "$stream")
		var e *Error
		if !errors.As(err, &e) || err.Error() != want {
			t.Errorf("%s:\n got %v\nwant %s", program, err, want)
		}
	}
}

// TestFailuresHoldNoValue: the message of a row that a program fails on names the type and not the
// value.
func TestFailuresHoldNoValue(t *testing.T) {
	const secret = "s3cret"
	for program, want := range map[string]string{
		`.[]`:                          "cannot iterate over: string",
		`.a`:                           "expected an object but got: string",
		`. - 1`:                        "cannot subtract: string",
		`{(1 | tostring | length): 1}`: "expected a string for object key but got: number",
		`tonumber`:                     "tonumber cannot be applied to this value",
		`test(1)`:                      "test cannot be applied to this value",
		`error`:                        "the program calls error",
		`error("no country")`:          "the program calls error: no country",
		`error("bad \(.)")`:            "the program calls error",
		`error({a: .})`:                "the program calls error",
		`strptime("%Y")`:               "strptime cannot be applied to this value",
		`fromjson`:                     "fromjson cannot be applied to this value",
		`1 / 0`:                        "cannot divide",
		`@csv`:                         "@csv cannot be applied to: string",
		`[{}] | @csv`:                  "@csv cannot format an array including: object",
		`test("(" + .)`:                "invalid regular expression",
		`split(1; 2)`:                  "cannot add: number",
	} {
		_, err := outputs(t, program, `"`+secret+`"`)
		if err == nil || strings.Contains(err.Error(), secret) || err.Error() != want {
			t.Errorf("%s: got %v, want %s", program, err, want)
		}
	}
}

// TestAllowedBuiltinsExist: each name of the lists is one that gojq has.
func TestAllowedBuiltinsExist(t *testing.T) {
	for name := range available() {
		f := parse(name)[0]
		args := strings.TrimSuffix(strings.Repeat(".; ", f.arity), "; ")
		program := f.name
		if f.arity > 0 {
			program += "(" + args + ")"
		}
		if _, err := Compile(program); err != nil {
			t.Errorf("%s: %v", program, err)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, seed := range []string{`{"a":[1,2.50,"x\u00e9\n",null,true,false,{}],"b":{"c":-1e5}}`, ` [ ] `, `"\ud800"`, `0`, `{"a":1,"a":2}`} {
		f.Add([]byte(seed))
	}
	identity, err := Compile(".")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, input []byte) {
		want, ok := oracle(input)
		if !ok {
			return
		}
		err := identity.Run(input, nil, func(v any) error {
			if got := string(Append(nil, v)); got != want {
				t.Errorf("%q: got %s, want %s", input, got, want)
			}
			return nil
		})
		if err != nil && !strings.Contains(err.Error(), "budget") {
			t.Errorf("%q: %v", input, err)
		}
	})
}

// TestConcurrentRuns: a program that many goroutines run gives each its own output.
func TestConcurrentRuns(t *testing.T) {
	p, err := Compile(`[range(.)] | map(tostring) | join("") | gsub("[13579]"; "-") | length`)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for n := range 8 {
		wg.Go(func() {
			for range 50 {
				err := p.Run([]byte(strconv.Itoa(n)), nil, func(v any) error {
					if got := string(Append(nil, v)); got != strconv.Itoa(n) {
						t.Errorf("got %s, want %d", got, n)
					}
					return nil
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

// TestPatternsOfRowsAreForgotten: a program that makes regular expressions of its rows keeps few.
func TestPatternsOfRowsAreForgotten(t *testing.T) {
	p, err := Compile(`. as $re | "x" | test($re)`)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 5 * maxPatterns {
		if err := p.Run([]byte(strconv.Quote("a"+strconv.Itoa(i))), nil, func(any) error { return nil }); err != nil {
			t.Fatal(err)
		}
		kept := p.instances.Get().(*instance)
		if n := len(kept.meter.patterns); n > maxPatterns {
			t.Fatalf("%d regular expressions are kept", n)
		}
		p.instances.Put(kept)
	}
}
