package answer

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"destination-webhook/destination/jq"
)

func compile(t *testing.T, source string) *jq.Program {
	t.Helper()
	p, err := jq.Compile(source)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// A named status means what the user says, every other what the table says.
func TestNamedStatuses(t *testing.T) {
	rules := &Rules{Statuses: map[int]Kind{409: Delivered, 302: Delivered, 202: Transient, 204: Misconfigured, 404: Transient, 500: Misconfigured, 422: Refused}}
	for status, want := range map[int]Kind{
		200: Delivered, 202: Transient, 204: Misconfigured, 302: Delivered, 301: Misconfigured, 404: Transient, 409: Delivered,
		400: Refused, 422: Refused, 500: Misconfigured, 503: Transient, 413: TooLarge,
	} {
		got := Delivered
		if !rules.Success(status) {
			got = rules.Classify(status, nil, plain).Kind
		}
		if got != want {
			t.Errorf("%d is %v, want %v", status, got, want)
		}
	}
	for status, want := range map[int]string{
		202: "the endpoint asks to try again (202), as configured in answers.statuses",
		500: "the endpoint stopped the sync (500), as configured in answers.statuses: look at what it says",
		422: "the endpoint refused the payload (422): compare it with what the endpoint expects",
	} {
		if got := rules.Classify(status, nil, plain).Advice; got != want {
			t.Errorf("%d: %q, want %q", status, got, want)
		}
	}
}

// What a route takes as delivered does not replace what the user has named.
func TestAlso(t *testing.T) {
	var none *Rules
	if r := none.Also(http.StatusNotFound); !r.Success(404) || r.Success(410) || !r.Success(200) {
		t.Error("404 alone is to be delivered beside 2xx")
	}
	named := &Rules{Statuses: map[int]Kind{404: Misconfigured, 409: Delivered}}
	if r := named.Also(404, 410); r.Success(404) || !r.Success(409) || !r.Success(410) {
		t.Error("404 is to keep the user's meaning, 409 and 410 are to be delivered")
	}
	if named.Success(410) {
		t.Error("the rules were changed")
	}
}

// A 2xx is delivered if success_if is true of its body, and nothing else.
func TestSuccessIf(t *testing.T) {
	for body, problem := range map[string]string{
		`{"ok":true}`:          "",
		"\ufeff {\"ok\":true}": "",
		`{"ok":1}`:             "and answers.success_if is not true of what it says",
		`{}`:                   "and answers.success_if is not true of what it says",
		``:                     "and answers.success_if is not true of what it says: its body is empty",
		`<html>`:               "and answers.success_if is not true of what it says: its body is not JSON",
		`{"ok":true} x`:        "and answers.success_if is not true of what it says: its body is not JSON",
		`[]`:                   "and answers.success_if is not true of what it says: expected an object but got: array",
	} {
		rules := &Rules{SuccessIf: compile(t, ".ok"), Otherwise: Transient}
		c := rules.Unmet(200, "", []byte(body), false)
		switch {
		case problem == "" && c != nil:
			t.Errorf("%s is no success: %s", body, c.Advice)
		case problem != "" && (c == nil || c.Kind != Transient || c.Advice != "the endpoint answered 200, "+problem):
			t.Errorf("%s: %+v, want %s", body, c, problem)
		}
	}
	rules := &Rules{SuccessIf: compile(t, ".ok, .ok"), Otherwise: Refused, Statuses: map[int]Kind{409: Delivered}}
	if c := rules.Unmet(200, "", []byte(`{"ok":true}`), false); c == nil || c.Kind != Refused {
		t.Errorf("two outputs: %+v, want refused", c)
	}
	if c := rules.Unmet(200, "", []byte(`{"ok":true}`), true); c == nil || c.Kind != Misconfigured {
		t.Errorf("the beginning of a body: %+v, want misconfigured", c)
	}
	if c := rules.Unmet(409, "", nil, false); c != nil {
		t.Errorf("a status that the user has named: %+v, want delivered", c)
	}
}

// The user's program takes the place of the member "rejected", and what it yields is read as
// strictly.
func TestRejectedRows(t *testing.T) {
	elasticsearch := `.items | to_entries[] | select(.value.index.error) | {index: .key, reason: .value.index.error.reason}`
	for _, test := range []struct {
		name, program, body string
		status              int
		places              []int
		problem             string
	}{
		{"none", elasticsearch, `{"items":[{"index":{"status":201}}]}`, 200, nil, ""},
		{"one", elasticsearch, `{"items":[{"index":{}},{"index":{"error":{"reason":"no"}}}]}`, 200, []int{1}, ""},
		{"a list", `.[] | select(.error) | {primary_key: .id, reason}`, `[{"id":"k0","error":"conflict"},{"id":"k1"}]`, 201, []int{0}, ""},
		{"an empty body", `.[]`, "", 204, nil, ""},
		{"a member that is only a count", `.errors[]`, `{"rejected":2,"errors":[]}`, 200, nil, ""},
		{"207", `.errors[]`, `{"errors":[]}`, 207, nil, ""},
		{"207, empty", `.errors[]`, "", 207, nil, "answers.rejected_rows cannot read it, its body is empty"},
		{"no JSON", `.errors[]`, "<html>", 200, nil, "answers.rejected_rows cannot read it, its body is not JSON"},
		{"another shape", `.errors[]`, `{"errors":7}`, 200, nil, "answers.rejected_rows cannot read it, cannot iterate over: number"},
		{"from 1", `{index: 3}`, `{}`, 200, nil, "its index is beyond the 3 rows of the request"},
		{"an unknown key", `{primary_key: .id}`, `{"id":"x"}`, 200, nil, "no row of the request has its primary_key"},
		{"a number", `.id`, `{"id":1}`, 200, nil, `an entry of "rejected" is no object`},
		{"without end", `repeat({index: 0})`, `{}`, 200, nil, "answers.rejected_rows cannot read it, the program exceeds its budget of steps"},
	} {
		t.Run(test.name, func(t *testing.T) {
			rules := &Rules{RejectedRows: compile(t, test.program)}
			rows := NewRows(3, func(place int) []byte { return []byte{'"', 'k', byte('0' + place), '"'} })
			verdicts, err := rules.ReadVerdicts(test.status, "", []byte(test.body), rows)
			if test.problem != "" {
				var u *Unclear
				if !errors.As(err, &u) || !strings.Contains(err.Error(), test.problem) {
					t.Errorf("error %v, want %s", err, test.problem)
				}
				return
			}
			if err != nil || len(verdicts) != len(test.places) {
				t.Fatalf("verdicts %v, %v, want those of %v", verdicts, err, test.places)
			}
			for i, v := range verdicts {
				if v.Place != test.places[i] {
					t.Errorf("place %d, want %d", v.Place, test.places[i])
				}
			}
		})
	}
}

// A 207 that the user calls delivered needs no list.
func TestNamed207(t *testing.T) {
	rules := &Rules{Statuses: map[int]Kind{207: Delivered}}
	rows := NewRows(1, func(int) []byte { return nil })
	if _, err := rules.ReadVerdicts(207, "", []byte(`{"ok":true}`), rows); err != nil {
		t.Error(err)
	}
	if _, err := rules.ReadVerdicts(207, "", []byte(`{"rejected":7}`), rows); err == nil {
		t.Error("what looks like verdicts is not read")
	}
}

// A body is read on if a program is to read it, or if it may have verdicts.
func TestReadsWhole(t *testing.T) {
	programs := &Rules{SuccessIf: compile(t, ".ok"), RejectedRows: compile(t, ".bad[]"), Statuses: map[int]Kind{400: Misconfigured, 409: Delivered}}
	for _, test := range []struct {
		rules  *Rules
		status int
		begin  string
		want   bool
	}{
		{nil, 200, "{", true}, {nil, 200, "[", false}, {nil, 400, "{", false},
		{programs, 200, "[", true}, {programs, 422, "[", true}, {programs, 400, "{", false}, {programs, 409, "[", true}, {programs, 500, "{", false},
		{&Rules{SuccessIf: compile(t, ".ok")}, 200, "[", true}, {&Rules{SuccessIf: compile(t, ".ok")}, 422, "[", false},
	} {
		if got := test.rules.ReadsWhole(test.status, []byte(test.begin)); got != test.want {
			t.Errorf("%d %s: %v, want %v", test.status, test.begin, got, test.want)
		}
	}
}
