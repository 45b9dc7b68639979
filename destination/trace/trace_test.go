package trace

import (
	"net/http"
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func from(parent, state string) Context {
	return FromEnvironment(func(name string) string {
		return map[string]string{"TRACEPARENT": parent, "TRACESTATE": state}[name]
	})
}

var traceparent = regexp.MustCompile(`^00-([0-9a-f]{32})-([0-9a-f]{16})-(0[01])$`)

// Requests are children of the environment's trace, each a span of its own.
func TestRequestsJoinTheTraceOfTheEnvironment(t *testing.T) {
	c := from("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00", "vendor=1")
	first, second := http.Header{}, http.Header{}
	c.Mark(first)
	c.Mark(second)
	for _, h := range []http.Header{first, second} {
		m := traceparent.FindStringSubmatch(h.Get("traceparent"))
		if m == nil || m[1] != "4bf92f3577b34da6a3ce929d0e0e4736" || m[2] == "00f067aa0ba902b7" || m[3] != "00" || h.Get("tracestate") != "vendor=1" {
			t.Errorf("marked with %v", h)
		}
		if c.SpanOf(h).String() != m[2] {
			t.Errorf("the span of %v is %s", h, c.SpanOf(h))
		}
	}
	if first.Get("traceparent") == second.Get("traceparent") {
		t.Error("two requests are one span")
	}
}

func TestTraceOfTheUser(t *testing.T) {
	c := from("", "")
	h := http.Header{"Traceparent": {"their own"}}
	c.Mark(h)
	if diff := cmp.Diff(http.Header{"Traceparent": {"their own"}}, h); diff != "" {
		t.Error(diff)
	}
	if c.SpanOf(h) != (SpanID{}) {
		t.Error("their own names a span of ours")
	}
}

// What is no traceparent, by W3C Trace Context, begins a trace that endpoints may record.
func TestWhatIsNoTraceparent(t *testing.T) {
	const trace, span = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
	for _, text := range []string{
		"", "00", "00-" + trace + "-" + span, "00-" + trace + "-" + span + "-01-more", "00-" + trace + "-" + span + "-0x",
		"ff-" + trace + "-" + span + "-01", "00-4BF92F3577B34DA6A3CE929D0E0E4736-" + span + "-01", "01-" + trace + "-" + span + "-01more",
		"00-00000000000000000000000000000000-" + span + "-01", "00-" + trace + "-0000000000000000-01", "00_" + trace + "_" + span + "_01",
	} {
		c := from(text, "vendor=1")
		h := http.Header{}
		c.Mark(h)
		m := traceparent.FindStringSubmatch(h.Get("traceparent"))
		if m == nil || m[1] == trace || m[3] != "01" || c.Parent != (SpanID{}) || !c.Sampled() || h.Get("tracestate") != "" {
			t.Errorf("%q: marked with %v", text, h)
		}
	}
	for _, text := range []string{"00-" + trace + "-" + span + "-01", "cc-" + trace + "-" + span + "-09", "01-" + trace + "-" + span + "-01-what the future holds"} {
		if c := from(text, "a\nb"); c.ID.String() != trace || c.Parent.String() != span || !c.Sampled() || c.state != "" {
			t.Errorf("%q: %+v", text, c)
		}
	}
}
