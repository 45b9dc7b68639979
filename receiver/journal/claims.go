package journal

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
)

// claims are what the states of syncs say of their rows. It is not safe for concurrent use.
type claims struct {
	states  int64
	streams map[streamName]*claim
	all     claim // of GLOBAL and LEGACY states, which speak for all streams
	global  bool  // there is one
}

func newClaims() claims { return claims{streams: map[streamName]*claim{}} }

// claim is the sum over states.
type claim struct{ delivered, rejected int64 }

// state is the part of a STATE message that is compared.
type state struct {
	Type  string `json:"type"`
	State struct {
		Stream struct {
			Descriptor struct {
				Name      string `json:"name"`
				Namespace string `json:"namespace"`
			} `json:"stream_descriptor"`
		} `json:"stream"`
		Stats struct {
			Rejected   float64            `json:"rejectedRecordCount"`
			Additional map[string]float64 `json:"additionalStats"`
		} `json:"destinationStats"`
	} `json:"state"`
}

// maxStateLine bounds a line of a sync's output.
const maxStateLine = 64 << 20

var errNoStates = errors.New("there is no STATE among the lines: give the output of write, one message a line")

// readStates reads the states among the lines of a sync's output.
func readStates(r io.Reader) ([]state, error) {
	var states []state
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxStateLine)
	for lines.Scan() {
		var s state
		if json.Unmarshal(lines.Bytes(), &s) == nil && s.Type == "STATE" {
			states = append(states, s)
		}
	}
	if lines.Err() == nil && states == nil {
		return nil, errNoStates
	}
	return states, lines.Err()
}

// add adds what a state claims.
func (c *claims) add(s *state) {
	c.states++
	of := c.of(s)
	of.delivered += int64(s.State.Stats.Additional["rows_delivered"])
	of.rejected += int64(s.State.Stats.Rejected)
}

// of returns the claim that a state adds to.
func (c *claims) of(s *state) *claim {
	d := s.State.Stream.Descriptor
	if d.Name == "" {
		c.global = true
		return &c.all
	}
	name := streamName{Short(d.Namespace, maxName), Short(d.Name, maxName)}
	if c.streams[name] == nil && len(c.streams) >= maxStreams {
		name = streamName{stream: otherStreams}
	}
	if c.streams[name] == nil {
		c.streams[name] = &claim{}
	}
	return c.streams[name]
}
