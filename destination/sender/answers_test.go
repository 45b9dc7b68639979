package sender

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"destination-webhook/destination/config/configtest"
	"destination-webhook/destination/route"
)

// rulesOf sets the answers of a config.
func rulesOf(t *testing.T, s *Stream, answers string) {
	t.Helper()
	c := configtest.Parse(t, `,"answers":`+answers)
	rules, err := route.Answers(c.Overrides().Stream(s.route.Stream).Answers)
	if err != nil {
		t.Fatal(err)
	}
	s.route.Answers = rules
}

// reply is an answer of a script.
type reply struct {
	status int
	body   string
}

const (
	items = `"rejected_rows":".items | to_entries[] | select(.value.error) | {index: .key, reason: .value.error, retry: .value.again}"`
	bad2  = `{"items":[{},{},{"error":"no"},{}]}`
)

var answersOfOthers = map[string]struct {
	answers  string
	replies  []reply // in turn, the last one for all later ones
	rejected []int
	requests [][]int
	err      string
}{
	"a conflict is there already": {`{"statuses":[{"status":"409","meaning":"delivered"}]}`, []reply{{409, ""}}, nil, [][]int{{0, 1, 2, 3}}, ""},
	"a redirect after the rows":   {`{"statuses":[{"status":"302","meaning":"delivered"}]}`, []reply{{302, ""}}, nil, [][]int{{0, 1, 2, 3}}, ""},
	"payment required":            {`{"statuses":[{"status":"402","meaning":"stop"}]}`, []reply{{402, "quota"}}, nil, [][]int{{0, 1, 2, 3}}, "the endpoint stopped the sync (402), as configured in answers.statuses"},
	"row errors in a 200":         {`{` + items + `}`, []reply{{200, bad2}}, []int{2}, [][]int{{0, 1, 2, 3}}, ""},
	"row errors in a list":        {`{"rejected_rows":".[] | select(.error) | {primary_key: .id, reason: .error}"}`, []reply{{201, `[{"id":1},{"id":3,"error":"conflict"}]`}}, []int{3}, [][]int{{0, 1, 2, 3}}, ""},
	"asked for once more":         {`{` + items + `}`, []reply{{200, `{"items":[{},{"error":"busy","again":true}]}`}, {200, `{"items":[]}`}}, nil, [][]int{{0, 1, 2, 3}, {1}}, ""},
	"row errors in a refusal":     {`{` + items + `}`, []reply{{422, bad2}, {200, `{"items":[]}`}}, []int{2}, [][]int{{0, 1, 2, 3}, {0, 1, 3}}, ""},
	"a refusal of all":            {`{` + items + `}`, []reply{{422, `{"items":[{"error":1},{"error":1},{"error":1},{"error":1}]}`}}, []int{0, 1, 2, 3}, [][]int{{0, 1, 2, 3}}, ""},
	"a refusal of another shape":  {`{` + items + `}`, []reply{{422, `<html>`}, {200, ""}, {200, ""}}, nil, [][]int{{0, 1, 2, 3}, {0, 1}, {2, 3}}, ""},
	"a refusal that names none":   {`{` + items + `}`, []reply{{422, `{"items":[]}`}, {200, ""}, {200, ""}}, nil, [][]int{{0, 1, 2, 3}, {0, 1}, {2, 3}}, ""},
	"a refusal that asks again":   {`{` + items + `}`, []reply{{422, `{"items":[{"error":1,"again":true}]}`}, {200, ""}}, nil, [][]int{{0, 1, 2, 3}, {0, 1, 2, 3}}, ""},
	"one that asks for ever":      {`{` + items + `}`, []reply{{422, `{"items":[{"error":1,"again":true}]}`}}, []int{0, 1, 2, 3}, [][]int{{0, 1, 2, 3}, {0, 1, 2, 3}, {1, 2, 3}, {1, 2, 3}, {2, 3}, {2, 3}, {3}, {3}}, ""},
	"a refusal counted from 1":    {`{"rejected_rows":"{index: 4}"}`, []reply{{422, `{}`}}, nil, [][]int{{0, 1, 2, 3}}, "its index is beyond the 4 rows of the request"},
	"a success of another shape":  {`{` + items + `}`, []reply{{200, `ok`}}, nil, [][]int{{0, 1, 2, 3}}, "answers.rejected_rows cannot read it, its body is not JSON: ok; answer as docs/payload.md describes, or say in answers.rejected_rows how this endpoint names them"},
	"a success too long to read":  {`{` + items + `}`, []reply{{200, `[` + strings.Repeat(" ", 5<<20)}}, nil, [][]int{{0, 1, 2, 3}}, "answered 200 with more than 4 MiB, which could reject rows and is not read"},
	"207 without a list":          {`{"statuses":[]}`, []reply{{207, `{}`}}, nil, [][]int{{0, 1, 2, 3}}, "or say in answers.rejected_rows how this endpoint names them"},
	"207 by the program":          {`{` + items + `}`, []reply{{207, bad2}}, []int{2}, [][]int{{0, 1, 2, 3}}, ""},
	"errors of the whole":         {`{"success_if":".ok"}`, []reply{{200, `{"ok":false}`}, {200, `{"ok":true}`}}, nil, [][]int{{0, 1, 2, 3}, {0, 1}, {2, 3}}, ""},
	"errors that stop":            {`{"success_if":".ok","otherwise":"stop"}`, []reply{{200, `{"ok":false}`}}, nil, [][]int{{0, 1, 2, 3}}, "the endpoint answered 200, and answers.success_if is not true of what it says"},
}

// What an endpoint means by its statuses and bodies is what the config says.
func TestAnswersOfOtherEndpoints(t *testing.T) {
	for name, test := range answersOfOthers {
		t.Run(name, func(t *testing.T) {
			e, replies := &endpoint{}, test.replies
			e.answer = func([]int, int) (int, string) {
				r := replies[0]
				replies = replies[min(1, len(replies)-1):]
				return r.status, r.body
			}
			s, b := senderOf(t, 4, func(id int) int { return id }, e, &letterBox{})
			rulesOf(t, s, test.answers)
			out := s.Send(t.Context(), b)
			if test.err == "" && out.Err != nil || test.err != "" && (out.Err == nil || !strings.Contains(out.Err.Error(), test.err)) {
				t.Errorf("error %v, want %q", out.Err, test.err)
			}
			if diff := cmp.Diff(test.rejected, out.Rejected); diff != "" {
				t.Errorf("rejected (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.requests, e.requests); diff != "" {
				t.Errorf("requests (-want +got):\n%s", diff)
			}
		})
	}
}
