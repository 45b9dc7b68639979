package main

import (
	"context"
	"testing"
	"time"

	"go.uber.org/goleak"

	"destination-webhook/acceptance_tests/connector"
	"destination-webhook/destination/bucket/buckettest"
	"destination-webhook/destination/postgres/postgrestest"
	"destination-webhook/destination/racetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The runs of continuous integration. Their seed is fixed, so that a failure is known by its
// number; how long they may take is a bound for a machine that hangs, ten times what they need.
const (
	ciSeed = 1
	ciTime = 6 * time.Minute
)

func TestDeathAtAnyPoint(t *testing.T) {
	binary, err := connector.Build(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	runs := racetest.Runs(60)
	ctx, cancel := context.WithTimeout(t.Context(), ciTime)
	defer cancel()
	c := campaign{binary: binary, folder: t.TempDir(), runs: runs, seed: ciSeed, parallel: 8, log: t.Output()}
	total, err := c.run(ctx)
	t.Logf("seed %d: %v", c.seed, total)
	if err != nil {
		t.Fatal("some runs failed, see above")
	}
	if total.Runs != int64(runs) || total.Killed < int64(runs/2) || total.Terminated == 0 || total.Repeated == 0 {
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
	runs := racetest.Runs(6)
	// The seeds of runs that have a snapshot, of one kind and the other in turn.
	c := campaign{binary: binary, folder: t.TempDir(), runs: runs, seed: 4, step: 5, parallel: 3, log: t.Output(), place: place}
	total, err := c.run(t.Context())
	t.Logf("seed %d: %v", c.seed, total)
	if err != nil {
		t.Fatal("some runs failed, see above")
	}
	if total.Runs != int64(runs) || total.Killed == 0 {
		t.Errorf("the campaign is not what it is meant to be: %v", total)
	}
}
