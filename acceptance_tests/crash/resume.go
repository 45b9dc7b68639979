package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"

	"destination-webhook/receiver"
)

// resume kills processes as the plan says, until one comes to its end. Each continues from the
// states of those before it.
func (h host) resume(ctx context.Context, p *plan) (t toll, err error) {
	b := newOracle(p, func() ([]int, error) { return h.letters(p) })
	options := p.settings.receiver()
	options.Rows = b
	endpoint, err := receiver.Listen(ctx, "127.0.0.1:0", options)
	if err != nil {
		return t, err
	}
	defer func() { _ = endpoint.Close() }()
	config := p.settings.config(endpoint.URL())
	config["payload"] = p.payload
	if err := errors.Join(h.write("config.json", config), h.write("catalog.json", p.catalog())); err != nil {
		return t, err
	}
	random := rand.New(rand.NewPCG(p.seed, 1))
	var lives [][]receiver.Request
	for finished := false; !finished; t.Processes++ {
		death := end{}
		if int(t.Processes) < len(p.ends) {
			death = p.ends[t.Processes]
		}
		one := process{host: h, input: b.begin().lines, end: death, endpoint: endpoint, random: random, line: b.claim}
		before := len(endpoint.Requests())
		if finished, err = one.live(ctx); err != nil {
			return t, fmt.Errorf("process %d of %v: %w", t.Processes+1, p, err)
		}
		lives = append(lives, endpoint.Requests()[before:])
		t.count(finished, death, b.claimed)
	}
	t.Requests = int64(len(endpoint.Requests()))
	t.Repeated = endpoint.Totals().Duplicates
	if err := errors.Join(b.close(), compare(lives, p.steady())); err != nil {
		return t, fmt.Errorf("after %d processes of %v: %w", t.Processes, p, err)
	}
	if err := h.replay(ctx, b, endpoint); err != nil {
		return t, fmt.Errorf("of %v: %w", p, err)
	}
	return t, nil
}
