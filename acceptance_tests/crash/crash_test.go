package main

import (
	"context"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The runs of continuous integration. Their seed is fixed, so that a failure is known by its number; how long they may take is a
// bound for a machine that hangs, ten times what they need.
const (
	ciRuns = 60
	ciSeed = 1
	ciTime = 90 * time.Second
)

func TestDeathAtAnyPoint(t *testing.T) {
	binary, err := build(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), ciTime)
	defer cancel()
	c := campaign{binary: binary, folder: t.TempDir(), runs: ciRuns, seed: ciSeed, parallel: 4, log: t.Output()}
	total, err := c.run(ctx)
	t.Logf("seed %d: %v", c.seed, total)
	if err != nil {
		t.Fatal("some runs failed, see above")
	}
	if total.Runs != ciRuns || total.Killed < ciRuns/2 || total.Terminated == 0 || total.Repeated == 0 {
		t.Errorf("the campaign is not what it is meant to be: %v", total)
	}
}
