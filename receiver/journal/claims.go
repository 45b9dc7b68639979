package journal

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
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
			Rejected   float64 `json:"rejectedRecordCount"`
			Additional struct {
				Delivered float64 `json:"rows_delivered"`
			} `json:"additionalStats"`
		} `json:"destinationStats"`
	} `json:"state"`
}

// maxStateLine bounds a line of a sync's output.
const maxStateLine = 16 << 20

var (
	errNoStates = errors.New("there is no STATE among the lines: give the output of write, one message a line")
	errLongLine = fmt.Errorf("a line has more than %d bytes: give the output of write, one message a line", maxStateLine)
)

// readClaims adds up the states among the lines of a sync's output, of which it keeps one line at a
// time.
func readClaims(r io.Reader) (claims, error) {
	c, lines := newClaims(), bufio.NewScanner(r)
	lines.Buffer(nil, maxStateLine)
	for lines.Scan() {
		var s state
		if bytes.Contains(lines.Bytes(), []byte("STATE")) && json.Unmarshal(lines.Bytes(), &s) == nil && s.Type == "STATE" {
			c.states++
			d := s.State.Stream.Descriptor
			c.add(streamName{d.Namespace, d.Name}, claim{int64(s.State.Stats.Additional.Delivered), int64(s.State.Stats.Rejected)})
		}
	}
	switch err := lines.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		return c, errLongLine
	case err == nil && c.states == 0:
		return c, errNoStates
	default:
		return c, err
	}
}

// merge adds what others claim.
func (c *claims) merge(others claims) {
	c.states += others.states
	for name, claimed := range others.streams {
		c.add(name, *claimed)
	}
	if others.global {
		c.add(streamName{}, others.all)
	}
}

// add adds what a state claims.
func (c *claims) add(name streamName, claimed claim) {
	of := c.of(name)
	of.delivered += claimed.delivered
	of.rejected += claimed.rejected
}

// of returns the claim of a stream, or of all of them for a state that names none.
func (c *claims) of(name streamName) *claim {
	if name.stream == "" {
		c.global = true
		return &c.all
	}
	name = streamName{Short(name.namespace, maxName), Short(name.stream, maxName)}
	if c.streams[name] == nil && len(c.streams) >= maxStreams {
		name = streamName{stream: otherStreams}
	}
	if c.streams[name] == nil {
		c.streams[name] = &claim{}
	}
	return c.streams[name]
}
