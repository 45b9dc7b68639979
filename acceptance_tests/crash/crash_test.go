package main

import (
	"context"
	"testing"
	"time"

	"go.uber.org/goleak"

	"destination-webhook/acceptance_tests/connector"
	"destination-webhook/destination/bucket/buckettest"
	"destination-webhook/destination/postgres/postgrestest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The runs of continuous integration. Their seed is fixed, so that a failure is known by its
// number; how long they may take is a bound for a machine that hangs, ten times what they need.
const (
	ciRuns = 60
	ciSeed = 1
	ciTime = 6 * time.Minute
)

func TestDeathAtAnyPoint(t *testing.T) {
	binary, err := connector.Build(t.Context(), t.TempDir())
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

// The container's disk is gone with the process; what the next one knows is in the bucket.
func TestDeathWithASnapshotInABucket(t *testing.T) {
	o := buckettest.Start(t)
	dieWithASnapshot(t, map[string]any{
		"type": "s3", "endpoint": o.Endpoint, "region": o.Region, "bucket": o.Bucket,
		"access_key_id": o.AccessKeyID, "secret_access_key": o.SecretAccessKey.Reveal(),
	})
}

func TestDeathWithASnapshotInPostgres(t *testing.T) {
	dieWithASnapshot(t, map[string]any{"type": "postgres", "connection_url": postgrestest.Start(t).URL()})
}

// dieWithASnapshot makes some runs whose snapshots are where the config says.
func dieWithASnapshot(t *testing.T, place map[string]any) {
	t.Helper()
	binary, err := connector.Build(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	c := campaign{binary: binary, folder: t.TempDir(), log: t.Output(), place: place}
	var total toll
	for seed := uint64(ciSeed); total.Runs < 6; seed++ {
		if c.kindOf(seed) == killRun {
			continue
		}
		one, err := c.one(t.Context(), seed)
		if err != nil {
			t.Errorf("seed %d: %v", seed, err)
		}
		total.Runs++
		total.add(one)
	}
	t.Logf("seed %d: %v", ciSeed, total)
	if total.Killed == 0 {
		t.Errorf("the campaign is not what it is meant to be: %v", total)
	}
}
