package faults

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"
)

// Step is one entry of a script: which requests it answers, and how.
type Step struct {
	Stream string `json:"stream"` // "" for any
	Key    string `json:"key"`    // the request has a row with this primary key; "" for any
	Nth    int    `json:"nth"`    // the n-th of those requests alone; 0 for each of them

	Status int             `json:"status"` // 0 means 200
	Body   json.RawMessage `json:"body"`   // a string is sent as its text, any other value as its JSON
	Delay  string          `json:"delay"`  // before the answer, such as 250ms
	Reset  bool            `json:"reset"`  // close the connection in place of an answer

	delay time.Duration
	seen  int
}

// Wait returns how long to wait before the answer.
func (s *Step) Wait() time.Duration { return s.delay }

// Text returns the body of the answer.
func (s *Step) Text() string {
	var text string
	if json.Unmarshal(s.Body, &text) == nil {
		return text
	}
	return string(s.Body)
}

// Script answers requests by rules. It is safe for concurrent use; a nil one answers none.
type Script struct {
	mu    sync.Mutex
	steps []*Step
}

// ParseScript reads an array of steps.
func ParseScript(text []byte) (*Script, error) {
	var s Script
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&s.steps); err != nil {
		return nil, fmt.Errorf("reading the script: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("reading the script: something follows its array")
	}
	for i, step := range s.steps {
		if err := step.check(); err != nil {
			return nil, fmt.Errorf("reading the script: step %d: %w", i, err)
		}
	}
	return &s, nil
}

func (s *Step) check() (err error) {
	switch {
	case s == nil:
		return errors.New("expected an object")
	case s.Status != 0 && (s.Status < 200 || s.Status > 599):
		return errors.New("expected a status from 200 to 599")
	case s.Nth < 0:
		return errors.New("nth counts from 1")
	}
	s.delay, err = parseLatency(s.Delay)
	return err
}

// Next returns the first step for a request of this stream, or nil. Every step counts the requests
// that it could answer.
func (s *Script) Next(stream, qualified string, hasKey func(key string) bool) *Step {
	if s == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var chosen *Step
	for _, step := range s.steps {
		if step.Stream != "" && step.Stream != stream && step.Stream != qualified || step.Key != "" && !hasKey(step.Key) {
			continue
		}
		step.seen++
		if chosen == nil && (step.Nth == 0 || step.Nth == step.seen) {
			chosen = step
		}
	}
	return chosen
}
