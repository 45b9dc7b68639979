// Command crash kills the program at random points under random faults of the endpoint, starts it
// again from the last STATE that came out, and looks at what the endpoint has recorded.
//
//	go run ./acceptance_tests/crash -runs 500 -seed 7
//
// A run is drawn from a seed: input, settings, faults, and what each process dies of. Run i of a
// call has the seed seed+i, so that a failed one is repeated by -runs 1 -seed with its own. A seed
// does not fix the timing of processes, so a kill hits another point in each call.
//
// Most runs hold these promises:
//   - every record arrives at least once, or is a dead letter, and only a record that the endpoint
//     refuses is one; in half of the runs batches are compacted, and a later record of the key may
//     have arrived, or been refused, in its place;
//   - no STATE comes out before the records it speaks for are there; states come out in order, each
//     once, as they went in;
//   - the last row that arrives of a primary key is the key's last record;
//   - one body has one Webhook-Id, and no two bodies share one;
//   - if batches are cut neither by age nor as they are too large, a resumed sync sends the same
//     bodies again;
//   - the dead letters arrive when they are replayed to an endpoint that takes everything.
//
// Every fifth run has a snapshot, and two endpoints: one applies all that it is told, the other
// drops each request whose Webhook-Id it has seen. Both end equal to the source's table. Half of
// these runs are refreshes, some of which take several syncs; the others read a table ten times, in
// any of the modes that have a snapshot. With -postgres the snapshots are tables of a database,
// those of each run with a prefix of its own, and stay there.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"math/rand/v2"
	"os"
	"os/signal"
	"path/filepath"
	"time"

	"destination-webhook/acceptance_tests/connector"
)

func main() {
	log.SetFlags(0)
	runs := flag.Int("runs", 50, "how many runs")
	seed := flag.Uint64("seed", rand.Uint64N(1e9), "seed of the first run; the others count up from it")
	parallel := flag.Int("parallel", 2, "runs at once")
	kind := flag.String("kind", "", "kill, refresh or audience for all runs; else each has the kind of its seed")
	limit := flag.Duration("time", runTime, "how long a run may take before it counts as one that hangs")
	binary := flag.String("binary", "", "the program to kill; built from the current folder's module where none is named")
	database := flag.String("postgres", "", "URL of a PostgreSQL database in which the snapshots are; else they are in folders")
	flag.Parse()
	c := campaign{runs: *runs, seed: *seed, parallel: *parallel, kind: *kind, time: *limit, log: os.Stderr}
	if *database != "" {
		c.place = map[string]any{"type": "postgres", "connection_url": *database}
	}
	if err := start(*binary, c); err != nil {
		log.Fatal(err)
	}
}

func start(binary string, c campaign) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	folder, err := os.MkdirTemp("", "crash-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	c.binary, c.folder = binary, folder
	if binary == "" {
		if c.binary, err = connector.Build(ctx, folder); err != nil {
			return err
		}
	} else if c.binary, err = filepath.Abs(binary); err != nil {
		return err
	}
	began := time.Now()
	total, err := c.run(ctx)
	fmt.Fprintf(os.Stderr, "seed %d: %v in %v\n", c.seed, total, time.Since(began).Round(time.Millisecond))
	return err
}
