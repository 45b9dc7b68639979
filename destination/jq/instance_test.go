package jq

import (
	"strings"
	"testing"
)

func runAll(p *Program, input string, variables ...any) (string, error) {
	var lines []string
	err := p.Run([]byte(input), variables, func(v any) error {
		lines = append(lines, string(Append(nil, v)))
		return nil
	})
	return strings.Join(lines, "\n"), err
}

// TestRunsOfOneProgram: a run starts from nothing, however the run before it ended.
func TestRunsOfOneProgram(t *testing.T) {
	for _, program := range []string{
		`.n`, `.n, .n + 1`, `if .n == 2 then error("two") else .n, $operation end`, `if .n == 2 then empty else .n end`,
		`.n | if . == 2 then .[0] else [limit(2; repeat(.))] end`, `label $out | 1, .n, break $out, 3`,
		`def f: if . > 3 then . else . + 1 | f end; .n | f`, `[foreach range(.n) as $i (0; . + $i; [$i, .])]`,
		`. as {n: $x} | $x as $y | [$x, $y, $operation]`, `try (if .n == 2 then error("x") else .n end) catch "caught"`,
		`first(range(.n; 10)), (.n as $x | reduce range(3) as $i ($x; . * 2))`, `if .n == 2 then "x" * 1e9 else .n end`,
	} {
		p, err := Compile(program, "$operation")
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range []string{"1", "2", "1", "3", "2", "2", "4"} {
			fresh, _ := Compile(program, "$operation")
			got, err := runAll(p, `{"n":`+n+`}`, "added"+n)
			want, wantErr := runAll(fresh, `{"n":`+n+`}`, "added"+n)
			if got != want || (err == nil) != (wantErr == nil) {
				t.Errorf("%s, %s: got %s, %v; alone %s, %v", program, n, got, err, want, wantErr)
			}
		}
	}
}

// TestStacksAreKept: a run takes over the stacks of the one before it, unless they may have become
// large.
func TestStacksAreKept(t *testing.T) {
	p, err := Compile(`.n | [range(.)] | length`)
	if err != nil {
		t.Fatal(err)
	}
	for input, kept := range map[string]bool{`{"n":1}`: true, `{"n":50000}`: false, `{"n":1,"x":"` + strings.Repeat("x", maxKept) + `"}`: false} {
		i := p.instances.Get().(*instance)
		i.meter.reset(len(input))
		i.input = i.decoder.decode([]byte(input), nil)
		if err := i.run(func(any) error { return nil }, p.failure); err != nil {
			t.Fatal(err)
		}
		if (i.running != nil) != kept {
			t.Errorf("%.20s: kept %t, want %t", input, i.running != nil, kept)
		}
		p.instances.Put(i)
	}
}
