package delivery

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"destination-webhook/destination/answer"
	"destination-webhook/destination/jq"
)

// A 2xx that is no success by its body is tried again, refused or final, as its request asks for.
func TestSuccessByItsBody(t *testing.T) {
	ok, err := jq.Compile(".ok == true")
	if err != nil {
		t.Fatal(err)
	}
	no := func() (*http.Response, error) { return reply(200, `{"ok":false,"code":"busy"}`), nil }
	yes := func() (*http.Response, error) { return reply(200, `{"ok":true}`), nil }
	for name, test := range map[string]struct {
		otherwise answer.Kind
		steps     []func() (*http.Response, error)
		attempts  int
		want      string // of the error; "": none
	}{
		"met":         {answer.Transient, []func() (*http.Response, error){yes}, 1, ""},
		"met, later":  {answer.Transient, []func() (*http.Response, error){no, status(503), no, yes}, 4, ""},
		"never met":   {answer.Transient, []func() (*http.Response, error){no}, 5, "is not true of what it says (after 5 attempts); the endpoint says: {\"ok\":false,\"code\":\"busy\"}"},
		"refused":     {answer.Refused, []func() (*http.Response, error){no}, 1, "the endpoint answered 200, and answers.success_if is not true of what it says; the endpoint says"},
		"final":       {answer.Misconfigured, []func() (*http.Response, error){no}, 1, "the endpoint answered 200, and answers.success_if"},
		"a rejection": {answer.Transient, []func() (*http.Response, error){status(422)}, 1, "the endpoint refused the payload (422)"},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				var l log
				limits := patient
				limits.MaxAttempts = 5
				c := New(Options{Retry: limits, OnAttempt: l.add, Transport: script(test.steps...)})
				r := post("{}")
				r.Answers = &answer.Rules{SuccessIf: ok, Otherwise: test.otherwise}
				_, err := c.Deliver(t.Context(), r)
				if len(l.all()) != test.attempts {
					t.Errorf("%d attempts, want %d", len(l.all()), test.attempts)
				}
				if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
					t.Errorf("error %v, want %q", err, test.want)
				}
				var f *Failure
				if errors.As(err, &f) && f.Kind == answer.Refused && f.Answer == nil {
					t.Error("a refusal has no answer")
				}
			})
		})
	}
}

// A redirect that means delivered is the end of its request: it is not followed.
func TestDeliveredRedirect(t *testing.T) {
	var l log
	c := New(Options{Retry: patient, OnAttempt: l.add, Transport: script(status(302, "Location", "https://endpoint.test/elsewhere"), status(500))})
	r := post("{}")
	r.Answers = &answer.Rules{Statuses: map[int]answer.Kind{302: answer.Delivered}}
	if response, err := c.Deliver(t.Context(), r); err != nil || response.Status != 302 || len(l.all()) != 1 {
		t.Errorf("%+v, %v after %d attempts", response, err, len(l.all()))
	}
}
