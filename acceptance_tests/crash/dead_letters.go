package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// letters reads the dead letters that are stored so far. The end of a file that death cut short is
// no letter.
func (h host) letters(p *plan) ([]int, error) {
	files, err := filepath.Glob(filepath.Join(h.folder, "letters", "*"))
	if err != nil {
		return nil, err
	}
	var positions []int
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		for line := range bytes.Lines(content) {
			if line[len(line)-1] != '\n' {
				continue
			}
			position, err := letter(line, p)
			if err != nil {
				return nil, err
			}
			positions = append(positions, position)
		}
	}
	return positions, nil
}

// letter is the position of a dead letter's record, which has to be one that the endpoint refuses,
// or that was replaced by one.
func letter(line []byte, p *plan) (int, error) {
	var m struct {
		Type   string
		Record struct {
			Stream string
			Data   struct{ Position int }
			Meta   struct{ Rejection struct{ Reason string } }
		}
	}
	err := json.Unmarshal(line, &m)
	i := m.Record.Data.Position
	if err != nil || m.Type != "RECORD" || i < 1 || i > len(p.messages) || m.Record.Meta.Rejection.Reason == "" {
		return 0, errors.Join(err, fmt.Errorf("no dead letter: %s", line))
	}
	if !p.mayBeRejected(i) {
		return 0, fmt.Errorf("a dead letter of a record that the endpoint takes: %s", line)
	}
	return i, nil
}
