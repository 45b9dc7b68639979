package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// campaign is a number of runs of one program.
type campaign struct {
	binary   string
	folder   string // each run has a folder of its own in it
	runs     int
	seed     uint64 // of the first run
	step     uint64 // from the seed of one run to that of the next; 0: 1
	parallel int
	kind     string         // of all runs; empty: of each by its seed
	time     time.Duration  // of one run; 0: runTime
	log      io.Writer      // one line for each failed run
	place    map[string]any // config of where the snapshots are; nil: they are in the folder
}

// runTime bounds one run of a machine with nothing else to do: one that takes longer has hung.
const runTime = time.Minute

// toll counts what a campaign has seen.
type toll struct {
	Runs, Failed, Processes, Killed, Terminated, States, Requests, Repeated int64
}

func (t toll) String() string {
	return fmt.Sprintf("%d runs, %d failed; %d processes, %d killed, %d terminated; %d states, %d requests, %d of them repeated",
		t.Runs, t.Failed, t.Processes, t.Killed, t.Terminated, t.States, t.Requests, t.Repeated)
}

// count notes how a process ended.
func (t *toll) count(finished bool, death end, states int) {
	t.States += int64(states)
	switch {
	case finished:
	case death.gently:
		t.Terminated++
	default:
		t.Killed++
	}
}

func (t *toll) add(o toll) {
	t.Processes += o.Processes
	t.Killed += o.Killed
	t.Terminated += o.Terminated
	t.States += o.States
	t.Requests += o.Requests
	t.Repeated += o.Repeated
}

// run makes all runs, or those that are begun before ctx ends. Its error is that of the failed
// runs.
func (c *campaign) run(ctx context.Context) (toll, error) {
	var total toll
	var failures []error
	var mu sync.Mutex
	var workers sync.WaitGroup
	seeds := make(chan uint64)
	for range max(1, c.parallel) {
		workers.Go(func() {
			for seed := range seeds {
				one, err := c.one(ctx, seed)
				mu.Lock()
				total.Runs++
				total.add(one)
				if err != nil {
					total.Failed++
					failures = append(failures, fmt.Errorf("seed %d: %w", seed, err))
					fmt.Fprintf(c.log, "seed %d: %v\n", seed, err)
				}
				mu.Unlock()
			}
		})
	}
	for i := 0; i < c.runs && ctx.Err() == nil; i++ {
		seeds <- c.seed + uint64(i)*cmp.Or(c.step, 1)
	}
	close(seeds)
	workers.Wait()
	return total, errors.Join(failures...)
}

// The kinds of runs.
const (
	killRun     = "kill"     // processes of one sync, without a snapshot
	refreshRun  = "refresh"  // full refreshes, some of which take several syncs
	audienceRun = "audience" // ten generations, in any mode that has a snapshot
)

// kindOf returns the kind of a seed's run: every fifth has a snapshot.
func (c *campaign) kindOf(seed uint64) string {
	switch {
	case c.kind != "":
		return c.kind
	case seed%10 == 4:
		return refreshRun
	case seed%10 == 9:
		return audienceRun
	}
	return killRun
}

// one makes the run of a seed.
func (c *campaign) one(ctx context.Context, seed uint64) (toll, error) {
	ctx, cancel := context.WithTimeout(ctx, cmp.Or(c.time, runTime))
	defer cancel()
	folder := filepath.Join(c.folder, fmt.Sprint(seed))
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return toll{}, err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	host := host{binary: c.binary, folder: folder, place: c.place}
	switch c.kindOf(seed) {
	case refreshRun:
		return host.refresh(ctx, drawTable(seed))
	case audienceRun:
		return host.refresh(ctx, drawAudience(seed))
	}
	return host.resume(ctx, draw(seed))
}
