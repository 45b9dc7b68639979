package jq

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

const everything = "everything"

// membersOf are programs with the members of their input that they read.
var membersOf = map[string]string{
	`{id, email, a: .b.c}`:                           "b email id",
	`{"x y", "k\(.a)": .b, ($operation): 1}`:         "a b x y",
	`."a", .["b"], (.c | .d)`:                        everything, // .["b"] may be any index
	`."a b"?, .c[0], .d[.e], .f[]`:                   "a b c d e f",
	`select(.active and .n > 1) | {id}`:              "active id n",
	`select(.active)`:                                everything,
	`if .a then {b: .b} elif .c then .d else .e end`: "a b c d e",
	`if .a then {b: .b} end`:                         everything,
	`if .a then . else . end | .b`:                   "a b",
	`.a as $x | {x: $x, $operation, y: .b}`:          "a b",
	`. as $x | {x: $x.a}`:                            everything,
	`. as {a: $x} | $x`:                              everything,
	`.a as {b: $x} | $x`:                             everything,
	`"\(.a) \(.b | ascii_upcase)"`:                   "a b",
	`@base64 "\(.a)", (.b | @json)`:                  "a b",
	`@json`:                                          everything,
	`"\(.)"`:                                         everything,
	`[.a, .b // "x"]`:                                "a b",
	`. // "x" | .a`:                                  "a",
	`.a + .b * 2 == 3`:                               "a b",
	`. + {x: 1}`:                                     everything,
	`.a = 1`:                                         everything,
	`.a |= 1 | .b`:                                   everything,
	`.a += 1 | .b`:                                   everything,
	`del(.a)`:                                        everything,
	`.[]`:                                            everything,
	`..`:                                             everything,
	`keys`:                                           everything,
	`-.a`:                                            everything,
	`try .a catch .`:                                 everything,
	`def select(f): .z; select(.a)`:                  everything,
	`.a | def f: .z; f`:                              "a",
	`any(.tags[]; . == "x"), first(.a), limit(1; .b)`: "a b tags",
	`first(.)`:                           everything,
	`[limit(1; .)]`:                      everything,
	`range(.a; .b), empty, 1, "x", null`: "a b",
	`.a | keys, ., {b}`:                  "a",
	`{a: .}`:                             everything,
	`reduce .a[] as $x (0; . + $x)`:      everything,
	`label $out | .a`:                    everything,
}

// TestMembersRead: which members of a row a program is found to depend on.
func TestMembersRead(t *testing.T) {
	for program, want := range membersOf {
		p, err := Compile(program, "$operation")
		if err != nil {
			t.Fatalf("%s: %v", program, err)
		}
		got := strings.Join(slices.Sorted(maps.Keys(p.members)), " ")
		if p.members == nil {
			got = everything
		}
		if got != want {
			t.Errorf("%s: got %q, want %q", program, got, want)
		}
	}
}

// FuzzMembers: a program has the same outputs if all members of its input are read.
func FuzzMembers(f *testing.F) {
	const row = `{"a":1,"b":{"c":[1,2,{"a":3}],"x\"y":"}"},"c":null,"tags":["x",",]"],"d":"\\","id":-1.50e3,"t":true,"f":false,"a":2}`
	for _, program := range []string{
		`{a, b}`, `.b.c[.a]`, `select(.a == 2) | {id, t}`, `if .f then . else .id end`, `. + {x: 1}`, `.a as $x | {$x, y: .d}`,
		`"\(.d)" + (.tags | join("-"))`, `[.tags[], .c]`, `keys`, `.b | keys`, `first(.tags[])`, `@json "\(.b)"`, `.["a"]`, `. // 1 | .a`,
		`try error(.a) catch .`, `(.a, .b) |= 1 | .a`, `any(.tags[]; . == "x")`, `(if .t then . else .a end) | .id`,
	} {
		f.Add(program, row)
	}
	f.Add(`{a}`, `[1]`)
	f.Add(`{a}`, ` { } `)
	f.Fuzz(func(t *testing.T, program, input string) {
		if _, valid := oracle([]byte(input)); !valid {
			return
		}
		some, err := Compile(program)
		if err != nil {
			return
		}
		all, _ := Compile(program)
		all.members = nil
		got, err := runAll(some, input)
		want, wantErr := runAll(all, input)
		if got != want || (err == nil) != (wantErr == nil) {
			t.Errorf("%s on %s: got %s, %v; with all members %s, %v", program, input, got, err, want, wantErr)
		}
	})
}
