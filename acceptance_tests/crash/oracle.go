package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"sync"
)

// oracle holds what the endpoint has accepted and what the states that came out claim, and compares
// the two. It is safe for concurrent use.
type oracle struct {
	plan    *plan
	letters func() ([]int, error) // positions of the dead letters

	mu      sync.Mutex
	arrived []bool         // by position
	last    map[string]int // position of the last row that arrived, by stream and key
	input   input          // of the process at work
	at      resumption
	claimed int // states of the process at work that came out
}

func newOracle(p *plan, letters func() ([]int, error)) *oracle {
	return &oracle{
		plan: p, letters: letters,
		arrived: make([]bool, len(p.messages)+1), last: make(map[string]int),
		at: resumption{streams: make([]int, len(p.streams))},
	}
}

// begin notes that a process is about to read what remains, and returns that.
func (o *oracle) begin() input {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.input, o.claimed = o.plan.from(o.at), 0
	return o.input
}

// accepted is a row as the receiver writes it.
type accepted struct {
	Stream, Namespace string
	Data              struct {
		ID       string
		Position json.Number // a text in a form
	}
}

// Write takes the rows that the endpoint accepts, before it answers.
func (o *oracle) Write(rows []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for lines := bufio.NewScanner(bytes.NewReader(rows)); lines.Scan(); {
		var row accepted
		if err := json.Unmarshal(lines.Bytes(), &row); err != nil {
			return 0, err
		}
		i, _ := strconv.Atoi(row.Data.Position.String()) // else it is 0, which no row has
		if i < 1 || i > len(o.plan.messages) || o.plan.messages[i-1].state || o.plan.streams[o.plan.messages[i-1].stream].name != row.Stream {
			return 0, fmt.Errorf("a row that nobody sent: %s", lines.Bytes())
		}
		o.arrived[i] = true
		o.last[row.Stream+"/"+row.Data.ID] = i
	}
	return len(rows), nil
}

var destinationStats = regexp.MustCompile(`,"destinationStats":(\{(?:[^{}]|\{[^{}]*\})*\})`)

// claim judges a line of stdout: whether a state may come out now, and is what went in.
func (o *oracle) claim(line []byte) error {
	var out struct {
		Type  string
		State struct{ ID int }
	}
	if err := json.Unmarshal(line, &out); err != nil || out.Type != "STATE" {
		return err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	position := out.State.ID
	in, known := o.input.states[position]
	if echo := destinationStats.ReplaceAllString(string(line), ""); !known || echo != in {
		return fmt.Errorf("a state came out that did not go in: %s", line)
	}
	o.claimed++
	m := o.plan.messages[position-1]
	if err := o.advance(m); err != nil {
		return err
	}
	if err := counts(line, in); err != nil {
		return err
	}
	if missing, err := o.missing(m.stream, position); err != nil || len(missing) > 0 {
		return errors.Join(err, fmt.Errorf("the state at position %d came out before the records at %v had arrived", position, missing))
	}
	return nil
}

// advance moves the resumption to a state's position.
func (o *oracle) advance(m message) error {
	before := &o.at.all
	if m.stream != everyStream {
		before = &o.at.streams[m.stream]
	}
	if m.position <= *before {
		return fmt.Errorf("the state at position %d came out after that at %d", m.position, *before)
	}
	*before = m.position
	if m.stream == everyStream {
		for i := range o.at.streams {
			o.at.streams[i] = max(o.at.streams[i], m.position)
		}
	}
	return nil
}

// counts compares the numbers of records in both directions.
func counts(out []byte, in string) error {
	var told, source struct {
		State struct {
			SourceStats      struct{ RecordCount float64 }
			DestinationStats struct{ RecordCount, RejectedRecordCount float64 }
		}
	}
	if err := json.Unmarshal(out, &told); err != nil {
		return err
	}
	if err := json.Unmarshal([]byte(in), &source); err != nil {
		return err
	}
	d := told.State.DestinationStats
	if want := source.State.SourceStats.RecordCount; d.RecordCount+d.RejectedRecordCount != want {
		return fmt.Errorf("a state speaks for %v records, the source sent %v: %s", d.RecordCount+d.RejectedRecordCount, want, out)
	}
	return nil
}

// missing is which records of a scope before a position are neither accepted nor replaced nor a
// dead letter.
func (o *oracle) missing(stream, before int) (positions []int, err error) {
	for _, m := range o.plan.messages[:before-1] {
		if !m.state && !o.arrived[m.position] && (stream == everyStream || m.stream == stream) && !o.replaced(m.position) {
			positions = append(positions, m.position)
		}
	}
	if len(positions) == 0 {
		return nil, nil
	}
	letters, err := o.letters()
	return slices.DeleteFunc(positions, func(i int) bool { return slices.Contains(letters, i) }), err
}

// close judges what is there once a process has ended by itself.
func (o *oracle) close() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.claimed != len(o.input.states) {
		return fmt.Errorf("the sync succeeded with %d of %d states", o.claimed, len(o.input.states))
	}
	if missing, err := o.missing(everyStream, len(o.plan.messages)+1); err != nil || len(missing) > 0 {
		return errors.Join(err, fmt.Errorf("the sync succeeded, and the records at %v never arrived", missing))
	}
	return o.order()
}

// order looks whether the last row of each key that arrived is its last record, or a later one that
// is refused. A record that was replaced by such a one is a dead letter.
func (o *oracle) order() error {
	letters, err := o.letters()
	if err != nil {
		return err
	}
	final := make(map[string]int)
	for _, m := range o.plan.messages {
		if !m.state && !m.bad && o.plan.streams[m.stream].keyed {
			final[fmt.Sprintf("%s/key %d", o.plan.streams[m.stream].name, m.key)] = m.position
		}
	}
	for key, position := range final {
		if o.last[key] < position && !slices.Contains(letters, position) {
			return fmt.Errorf("%s: the row at position %d arrived after its successor at %d", key, o.last[key], position)
		}
	}
	return nil
}
