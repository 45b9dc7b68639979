package faults_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"destination-webhook/receiver/faults"
)

func TestParse(t *testing.T) {
	tests := map[string]struct {
		text string
		want faults.Faults
		err  string
	}{
		"none":     {"", faults.Faults{}, ""},
		"status":   {"status=503 every=3 retry-after=2", faults.Faults{Status: 503, Every: 3, RetryAfter: "2"}, ""},
		"lots":     {"answer=close percent=12.5 seed=7", faults.Faults{Answer: faults.AnswerClose, Percent: 12.5, Seed: 7}, ""},
		"latency":  {"latency=250ms", faults.Faults{Latency: 250 * time.Millisecond}, ""},
		"reject":   {"reject=a.b=c=d reject-rows=true", faults.Faults{RejectField: "a.b", RejectValue: "c=d", RejectRows: true}, ""},
		"limits":   {"max-bytes=1000 capacity=2 capacity-status=503", faults.Faults{MaxBytes: 1000, Capacity: 2, CapacityStatus: 503}, ""},
		"unknown":  {"sulk=1", faults.Faults{}, `fault sulk="1": there is no such fault`},
		"no value": {"status", faults.Faults{}, `fault "status": expected name=value`},
		"status 1": {"status=1", faults.Faults{}, `fault status="1": expected a status from 200 to 599`},
		"answer":   {"answer=nice", faults.Faults{}, `fault answer="nice": expected one of status, close, hang, half, redirect, wrong-json`},
		"NaN":      {"percent=NaN", faults.Faults{}, `fault percent="NaN": expected a number from 0 to 100`},
		"negative": {"every=-1", faults.Faults{}, `fault every="-1": expected a whole number, 0 to 2147483647`},
		"duration": {"latency=-1s", faults.Faults{}, `fault latency="-1s": expected a duration such as 250ms or 3s`},
		"header":   {"retry-after=soon", faults.Faults{}, `fault retry-after="soon": expected seconds or an HTTP date`},
		"field":    {"reject=x", faults.Faults{}, `fault reject="x": expected field=value`},
		"switch":   {"reject-rows=perhaps", faults.Faults{}, `fault reject-rows="perhaps": expected true or false`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := faults.Parse(tt.text)
			if message := errorText(err); message != tt.err {
				t.Fatalf("error %s", message)
			}
			if err != nil {
				return
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
			again, err := faults.Parse(got.String())
			if diff := cmp.Diff(got, again); diff != "" || err != nil {
				t.Error("not the same after String:", err, diff)
			}
		})
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestSettingsCoverEveryFault(t *testing.T) {
	var f faults.Faults
	values := map[string]string{
		"answer": "half", "status": "500", "every": "2", "percent": "1.5", "seed": "3",
		"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT", "answer-body": `{"ok":true}`, "latency": "1s", "reject": "a=b c",
		"reject-rows": "true", "max-bytes": "9", "capacity": "4", "capacity-status": "503",
	}
	for name, value := range values {
		if err := f.Set(name, value); err != nil {
			t.Fatal(err)
		}
	}
	for _, s := range f.Settings() {
		if s.Value != values[s.Name] {
			t.Errorf("%s is %q, want %q", s.Name, s.Value, values[s.Name])
		}
		if err := f.Set(s.Name, ""); err != nil {
			t.Error(err)
		}
	}
	if diff := cmp.Diff(faults.Faults{}, f); diff != "" {
		t.Error("not cleared:", diff)
	}
}
