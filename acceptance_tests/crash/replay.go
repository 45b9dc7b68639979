package main

import (
	"context"
	"fmt"
	"os/exec"

	"destination-webhook/receiver"
)

// replay sends the dead letters of a run again, when the endpoint takes everything, and looks
// whether they arrive.
func (h host) replay(ctx context.Context, o *oracle, endpoint *receiver.Server) error {
	letters, err := h.letters(o.plan)
	if err != nil || len(letters) == 0 {
		return err
	}
	o.forget(letters)
	endpoint.SetFaults(receiver.Faults{})
	replay := exec.CommandContext(ctx, h.binary, "dead-letters", "replay", "--config", "config.json", "--catalog", "catalog.json")
	replay.Dir = h.folder
	if output, err := replay.CombinedOutput(); err != nil {
		return fmt.Errorf("the replay of the dead letters: %w: %s", err, output)
	}
	return o.replayed(letters)
}

// forget notes that records did not arrive.
func (o *oracle) forget(positions []int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, i := range positions {
		o.arrived[i] = false
	}
}

// replayed looks whether of each key the last dead letter has arrived, and, of records without a
// key, each.
func (o *oracle) replayed(letters []int) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	last := make(map[string]int)
	for _, i := range letters {
		key := fmt.Sprint(i)
		if m := o.plan.messages[i-1]; o.plan.streams[m.stream].keyed {
			key = fmt.Sprint(m.stream, " key ", m.key)
		}
		last[key] = max(last[key], i)
	}
	for _, i := range last {
		if !o.arrived[i] {
			return fmt.Errorf("the dead letter of the record at position %d was replayed, and did not arrive", i)
		}
	}
	return nil
}
