package config

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"destination-webhook/destination/jq"
)

// Answers are how the answers of an endpoint are read. In Config.Streams an empty field means the
// setting of the Config.
type Answers struct {
	Statuses     []StatusMeaning `json:"statuses"`
	SuccessIf    string          `json:"success_if"`
	Otherwise    Meaning         `json:"otherwise"` // of a 2xx if SuccessIf is not true
	RejectedRows string          `json:"rejected_rows"`
}

// StatusMeaning is what the answers of a status, a class or a range mean.
type StatusMeaning struct {
	Status  string  `json:"status"` // such as "409", "5xx" or "430-439"
	Meaning Meaning `json:"meaning"`
}

// or returns the answers with what they leave empty taken from others.
func (a Answers) or(others Answers) Answers {
	if len(a.Statuses) == 0 {
		a.Statuses = others.Statuses
	}
	a.SuccessIf = cmp.Or(a.SuccessIf, others.SuccessIf)
	a.Otherwise = cmp.Or(a.Otherwise, others.Otherwise)
	a.RejectedRows = cmp.Or(a.RejectedRows, others.RejectedRows)
	return a
}

// Meanings returns what each named status means. The most specific entry that names it counts.
func (a Answers) Meanings() map[int]Meaning {
	meanings := make(map[int]Meaning)
	for status, i := range a.entries(func(int, int, int) {}) {
		meanings[status] = a.Statuses[i].Meaning
	}
	return meanings
}

// entries returns the place of the entry that counts for each named status. It calls twice with an
// entry, one before it that is as exact, and the first status that both name.
func (a Answers) entries(twice func(entry, earlier, status int)) map[int]int {
	places, widths := make(map[int]int), make(map[int]int)
	for i, entry := range a.Statuses {
		first, last := entry.bounds()
		width, told := last-first+1, false
		for status := first; status <= last; status++ {
			known := widths[status]
			if known == width && !told {
				twice(i, places[status], status)
				told = true
			}
			if known == 0 || width < known {
				places[status], widths[status] = i, width
			}
		}
	}
	return places
}

// bounds returns the first and the last status that an entry names. An entry that the schema
// refuses names none.
func (m StatusMeaning) bounds() (first, last int) {
	if class, ok := strings.CutSuffix(strings.ToLower(m.Status), "xx"); ok {
		first, err := strconv.Atoi(class)
		if err != nil {
			return 0, -1
		}
		return first * 100, first*100 + 99
	}
	from, to, isRange := strings.Cut(m.Status, "-")
	if !isRange {
		to = from
	}
	first, err := strconv.Atoi(from)
	last, errLast := strconv.Atoi(to)
	if err != nil || errLast != nil || last > 599 {
		return 0, -1
	}
	return first, last
}

// check adds the problems of answers whose field is named.
func (a Answers) check(problems *problemList, field string) {
	for i, entry := range a.Statuses {
		if first, last := entry.bounds(); first > last && first != 0 {
			problems.add(fmt.Sprintf("%s.statuses.%d.status", field, i), "expected a range from its lower to its higher status, such as 430-439")
		}
	}
	a.entries(func(entry, earlier, status int) {
		problems.add(fmt.Sprintf("%s.statuses.%d.status", field, entry),
			fmt.Sprintf("expected each status once, %d is named by statuses.%d as exactly", status, earlier))
	})
	checkProgram(problems, field+".success_if", a.SuccessIf)
	checkProgram(problems, field+".rejected_rows", a.RejectedRows)
}

// checkProgram adds what keeps a text from being a jq program with some variables. An empty one is
// not set.
func checkProgram(problems *problemList, field, source string, variables ...string) {
	if source == "" {
		return
	}
	_, err := jq.Compile(source, variables...)
	var fault *jq.Error
	if errors.As(err, &fault) {
		problems.add(field, fault.Error())
	} else if err != nil {
		problems.add(field, "expected a jq program: "+err.Error())
	}
}
