package main

import (
	"bytes"
	"fmt"
	"strings"
)

// resumption is the position from which the source continues: that of the last states that came
// out.
type resumption struct {
	streams []int // the position after which each stream continues
	all     int   // of the last state for everything
}

// input is what the source sends to one process, and what has to come back.
type input struct {
	lines  []byte
	states map[int]string // by position, the lines as they went in
}

// from is the input that remains.
func (p *plan) from(at resumption) input {
	in := input{states: make(map[int]string)}
	var lines bytes.Buffer
	since, all := make([]int, len(p.streams)), 0 // records since the last state
	for _, m := range p.messages {
		switch {
		case m.state && m.stream == everyStream && m.position > at.all:
			in.states[m.position] = p.state(m, all)
			lines.WriteString(in.states[m.position])
			all = 0
		case m.state && m.stream != everyStream && m.position > at.streams[m.stream]:
			in.states[m.position] = p.state(m, since[m.stream])
			lines.WriteString(in.states[m.position])
			since[m.stream] = 0
		case !m.state && m.position > at.streams[m.stream]:
			lines.WriteString(p.record(m))
			since[m.stream]++
			all++
		}
	}
	in.lines = lines.Bytes()
	return in
}

func (p *plan) record(m message) string {
	bad := "no"
	if m.bad {
		bad = "yes"
	}
	s := p.streams[m.stream]
	return fmt.Sprintf(`{"type":"RECORD","record":{"stream":%q,"namespace":%q,"emitted_at":1700000000000,"data":{"id":"key %d","position":%d,"bad":%q,"text":%q}}}`+"\n",
		s.name, s.namespace, m.key, m.position, bad, strings.Repeat("x", m.padding))
}

// state is a STATE line that speaks for this many records.
func (p *plan) state(m message, records int) string {
	cursor := fmt.Sprintf(`{"position":%d}`, m.position)
	scope := fmt.Sprintf(`"type":"GLOBAL","global":{"shared_state":%s,"stream_states":[]}`, cursor)
	switch {
	case m.stream != everyStream:
		s := p.streams[m.stream]
		scope = fmt.Sprintf(`"type":"STREAM","stream":{"stream_descriptor":{"name":%q,"namespace":%q},"stream_state":%s}`, s.name, s.namespace, cursor)
	case p.style == "legacy":
		scope = `"data":` + cursor
	}
	return fmt.Sprintf(`{"type":"STATE","state":{%s,"sourceStats":{"recordCount":%d.0},"id":%d}}`+"\n", scope, records, m.position)
}

// catalog is the configured catalog of a plan.
func (p *plan) catalog() any {
	var streams []any
	for _, s := range p.streams {
		streams = append(streams, s.configured())
	}
	return map[string]any{"streams": streams}
}

func (s stream) configured() map[string]any {
	c := map[string]any{
		"stream":    map[string]any{"name": s.name, "namespace": s.namespace, "json_schema": map[string]any{}},
		"sync_mode": "incremental", "destination_sync_mode": "append",
	}
	if s.keyed {
		c["destination_sync_mode"], c["primary_key"] = "append_dedup", [][]string{{"id"}}
	}
	return c
}
