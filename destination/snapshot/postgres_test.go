package snapshot

import (
	"context"
	"fmt"
	"hash/fnv"
	"testing"

	"pgregory.net/rapid"

	"destination-webhook/destination/postgres"
	"destination-webhook/destination/postgres/postgrestest"
	"destination-webhook/destination/rapidtest"
	"destination-webhook/destination/redact"
)

// homeURL makes the tests that work in any home work in a PostgreSQL server. It is "" for folders.
var homeURL string

// homeVariable hands it to a process that dies.
const homeVariable = "SNAPSHOT_HOME"

// serverOf returns the tables that take the place of a folder.
func serverOf(url, dir string) (*postgres.Server, error) {
	sum := fnv.New64a()
	_, _ = sum.Write([]byte(dir))
	return postgres.New(postgres.Options{URL: redact.Secret(url), Prefix: fmt.Sprintf("t%x_", sum.Sum64())})
}

// openAtHome opens a snapshot in a folder, or in the tables that take its place.
func openAtHome(ctx context.Context, dir string, o Options) (*Store, error) {
	if homeURL == "" {
		return Open(ctx, dir, o)
	}
	server, err := serverOf(homeURL, dir)
	if err != nil {
		return nil, err
	}
	return OpenPostgres(ctx, server, o)
}

func atPostgres(t *testing.T) *postgrestest.Server {
	t.Helper()
	s := postgrestest.Start(t)
	homeURL = s.URL()
	t.Cleanup(func() { homeURL = "" })
	return s
}

// TestPostgres runs the tests of the snapshot's promises in PostgreSQL.
func TestPostgres(t *testing.T) {
	atPostgres(t)
	for _, test := range []struct {
		name string
		run  func(*testing.T)
	}{
		{"Kill", TestKill},
		{"ThreeSyncs", TestThreeSyncs},
		{"OrderOfVersions", TestOrderOfVersions},
		{"RepeatedKeysAreCounted", TestRepeatedKeysAreCounted},
		{"LargeStream", TestLargeStream},
		{"OrdinalsAreTakenBack", TestOrdinalsAreTakenBack},
		{"RenumberedGenerationGoesOn", TestRenumberedGenerationGoesOn},
		{"DeathInARenumbering", TestDeathInARenumbering},
		{"FinishedGenerationCanBeRestarted", TestFinishedGenerationCanBeRestarted},
		{"NewerGenerations", TestNewerGenerations},
		{"RemovalOfUnknownKeys", TestRemovalOfUnknownKeys},
		{"FirstRefreshAfterGenerationZero", TestFirstRefreshAfterGenerationZero},
		{"ARowInDoubtThatIsGoneIsRemoved", TestARowInDoubtThatIsGoneIsRemoved},
		{"Generations", TestGenerations},
		{"UnknownGenerationIsAConstantOne", TestUnknownGenerationIsAConstantOne},
		{"NothingLeavesWhileRowsAreInFlight", TestNothingLeavesWhileRowsAreInFlight},
		{"KeptGenerationGoesOn", TestKeptGenerationGoesOn},
		{"Content", TestContent},
		{"Revisions", TestRevisions},
		{"RepetitionsKeepTheirRevisions", TestRepetitionsKeepTheirRevisions},
		{"SaltOfASnapshotBegunAnew", TestSaltOfASnapshotBegunAnew},
		{"AnotherPrimaryKeyDropsTheStream", TestAnotherPrimaryKeyDropsTheStream},
		{"AnotherEndpointDropsTheStream", TestAnotherEndpointDropsTheStream},
		{"StreamsAreApart", TestStreamsAreApart},
		{"SpellingsAreForgotten", TestSpellingsAreForgotten},
	} {
		t.Run(test.name, test.run)
	}
}

// service is a place whose disk is gone with the process; what is in the tables stays.
type service struct {
	url   string
	table string
}

func (s *service) open(t *rapid.T, o Options) *Store {
	server, err := serverOf(s.url, s.table)
	if err != nil {
		t.Fatal(err)
	}
	store, err := OpenPostgres(t.Context(), server, o)
	if err != nil {
		t.Fatal(err)
	}
	return store
}

func (s *service) crash(_ *rapid.T, store *Store) {
	store.tables.Abandon()
}

func TestEndpointEndsEqualToTheTableByPostgres(t *testing.T) {
	server := postgrestest.Start(t)
	rapidtest.Few(t, 30)
	n := 0
	rapid.Check(t, func(rt *rapid.T) {
		n++
		simulate(rt, &service{server.URL(), fmt.Sprint(n)})
	})
}
