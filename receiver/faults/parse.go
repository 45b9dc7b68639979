package faults

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

func parseAnswer(value string) (Answer, error) {
	if value != "" && !slices.Contains(answers, Answer(value)) {
		return "", fmt.Errorf("expected one of %s", strings.Join(answerNames(), ", "))
	}
	return Answer(value), nil
}

func parseCount[N int | int64 | uint64](value string) (N, error) {
	n, err := strconv.ParseUint(cmp.Or(value, "0"), 10, 31)
	if err != nil {
		return 0, errors.New("expected a whole number, 0 to 2147483647")
	}
	return N(n), nil
}

func parseStatus(value string) (int, error) {
	n, err := parseCount[int](value)
	if err != nil || n != 0 && (n < 200 || n > 599) {
		return 0, errors.New("expected a status from 200 to 599")
	}
	return n, nil
}

func parsePercent(value string) (float64, error) {
	p, err := strconv.ParseFloat(cmp.Or(value, "0"), 64)
	if err != nil || !(p >= 0 && p <= 100) { // also refuses NaN
		return 0, errors.New("expected a number from 0 to 100")
	}
	return p, nil
}

func parseLatency(value string) (time.Duration, error) {
	d, err := time.ParseDuration(cmp.Or(value, "0"))
	if err != nil || d < 0 {
		return 0, errors.New("expected a duration such as 250ms or 3s")
	}
	return d, nil
}

// maxBody bounds the body of answers.
const maxBody = 4 << 10

func parseBody(value string) (string, error) {
	if len(value) > maxBody {
		return "", fmt.Errorf("expected at most %d bytes", maxBody)
	}
	return value, nil
}

func parseRetryAfter(value string) (string, error) {
	if _, err := strconv.ParseUint(value, 10, 31); err == nil || value == "" {
		return value, nil
	}
	if _, err := http.ParseTime(value); err != nil {
		return "", errors.New("expected seconds or an HTTP date")
	}
	return value, nil
}

func parseReject(value string) (field, text string, err error) {
	field, text, found := strings.Cut(value, "=")
	if value != "" && (!found || field == "") {
		return "", "", errors.New("expected field=value")
	}
	return field, text, nil
}

func parseSwitch(value string) (bool, error) {
	on, err := strconv.ParseBool(cmp.Or(value, "false"))
	if err != nil {
		return false, errors.New("expected true or false")
	}
	return on, nil
}
