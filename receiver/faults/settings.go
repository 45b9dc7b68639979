package faults

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Setting is one fault by name, for flags and forms.
type Setting struct {
	Name  string
	Value string // "" for the zero value
	Usage string

	Switch bool // true or false, and true if it is named alone
}

var answers = []Answer{AnswerStatus, AnswerClose, AnswerHang, AnswerHalf, AnswerRedirect, AnswerWrongJSON}

// Settings lists every fault in the order in which a form shows them.
func (f Faults) Settings() []Setting {
	return []Setting{
		{Name: "answer", Value: string(f.Answer), Usage: "what a failing request gets: " + strings.Join(answerNames(), ", ")},
		{Name: "status", Value: number(f.Status), Usage: "status of a failing request, 200 to 599"},
		{Name: "every", Value: number(f.Every), Usage: "fail every n-th request only"},
		{Name: "percent", Value: number(f.Percent), Usage: "fail this percentage of the requests only"},
		{Name: "seed", Value: number(f.Seed), Usage: "seed of the percentage, so that a run can be repeated"},
		{Name: "retry-after", Value: f.RetryAfter, Usage: "Retry-After header of failing requests: seconds or an HTTP date"},
		{Name: "answer-body", Value: f.Body, Usage: "body of answers in place of the usual one, such as {\"ok\":true}"},
		{Name: "latency", Value: duration(f.Latency), Usage: "wait before every answer, such as 250ms"},
		{Name: "reject", Value: f.reject(), Usage: "reject rows whose field has a value: field=value, such as email=a@example.com"},
		{Name: "reject-rows", Value: onOff(f.RejectRows), Usage: "reject just those rows by a verdict, not the whole batch by 400", Switch: true},
		{Name: "max-bytes", Value: number(f.MaxBytes), Usage: "answer 413 to a body of more bytes on the wire"},
		{Name: "capacity", Value: number(f.Capacity), Usage: "refuse requests beyond this many at once"},
		{Name: "capacity-status", Value: number(f.CapacityStatus), Usage: "status of those refused, 429 by default"},
	}
}

// Set reads one setting; the empty value clears it.
func (f *Faults) Set(name, value string) (err error) {
	value = strings.TrimSpace(value)
	switch name {
	case "answer":
		f.Answer, err = parseAnswer(value)
	case "status":
		f.Status, err = parseStatus(value)
	case "every":
		f.Every, err = parseCount[int](value)
	case "percent":
		f.Percent, err = parsePercent(value)
	case "seed":
		f.Seed, err = parseCount[uint64](value)
	case "retry-after":
		f.RetryAfter, err = parseRetryAfter(value)
	case "answer-body":
		f.Body, err = parseBody(value)
	case "latency":
		f.Latency, err = parseLatency(value)
	case "reject":
		f.RejectField, f.RejectValue, err = parseReject(value)
	case "reject-rows":
		f.RejectRows, err = parseSwitch(value)
	case "max-bytes":
		f.MaxBytes, err = parseCount[int64](value)
	case "capacity":
		f.Capacity, err = parseCount[int](value)
	case "capacity-status":
		f.CapacityStatus, err = parseStatus(value)
	default:
		err = errors.New("there is no such fault")
	}
	if err != nil {
		return fmt.Errorf("fault %s=%q: %w", name, value, err)
	}
	return nil
}

func (f Faults) reject() string {
	if f.RejectField == "" {
		return ""
	}
	return f.RejectField + "=" + f.RejectValue
}

func number[N int | int64 | uint64 | float64](n N) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprint(n)
}

func duration(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return d.String()
}

func onOff(on bool) string {
	if on {
		return "true"
	}
	return ""
}

func answerNames() []string {
	names := make([]string, len(answers))
	for i, a := range answers {
		names[i] = string(a)
	}
	return names
}
