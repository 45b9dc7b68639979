package snapshot

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"destination-webhook/destination/bucket"
	"destination-webhook/destination/bucket/buckettest"
	"destination-webhook/destination/rapidtest"
)

// table is what a source holds, and what an endpoint does: rows by key.
type table map[string]string

// simulation runs syncs of a changing table against an endpoint that applies what it gets. If a
// process dies, its store forgets what was not safe.
type simulation struct {
	t        *rapid.T
	place    place
	source   table
	endpoint table
	// twice gets every row two times.
	twice table
	// obeying takes no row that replaces what an equal one replaced before, as an endpoint may that
	// remembers Webhook-Ids.
	obeying    table
	remembered map[string]bool
	generation int64
	// torn is true if an attempt of this generation died.
	incomplete bool
	// met has the keys that an attempt of this generation has met.
	met map[string]bool
	// forgotten has the keys whose removal was not sent, by a mode that leaves removals out.
	forgotten map[string]bool
	// doubtful has the keys that a process had in flight, or had just settled, when it died.
	doubtful map[string]bool
	// kept is true if every sync has kept the rows.
	kept bool
}

// place is where a store lives.
type place interface {
	open(t *rapid.T, o Options) *Store
	// crash is the death of a process with this store.
	crash(t *rapid.T, store *Store)
}

// volatileDisk is a place that forgets, when a process dies, what was not synced.
type volatileDisk struct{ files *vfs.MemFS }

func (d *volatileDisk) open(t *rapid.T, o Options) *Store {
	store, err := openIn(t.Context(), d.files, "snapshot", o)
	if err != nil {
		t.Fatal(err)
	}
	return store
}

func (d *volatileDisk) crash(t *rapid.T, store *Store) {
	d.files = d.files.CrashClone(vfs.CrashCloneCfg{
		UnsyncedDataPercent: rapid.SampledFrom([]int{0, 50, 100}).Draw(t, "unsynced"),
		RNG:                 rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "which"), 1)),
	})
	// This only ends goroutines: what it writes goes to the disk that was.
	if err := store.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// container is a place whose disk is gone with the process; what is in the bucket stays.
type container struct {
	bucket  *bucket.Bucket
	scratch string
}

func (c *container) open(t *rapid.T, o Options) *Store {
	store, err := OpenRemote(t.Context(), c.bucket, c.scratch, o)
	if err != nil {
		t.Fatal(err)
	}
	return store
}

func (c *container) crash(t *rapid.T, store *Store) {
	if err := store.release(); err != nil {
		t.Fatal(err)
	}
}

var errCrash = errors.New("the process died")

func TestEndpointEndsEqualToTheTable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) { simulate(t, &volatileDisk{vfs.NewCrashableMem()}) })
}

func TestEndpointEndsEqualToTheTableByABucket(t *testing.T) {
	o := buckettest.Start(t)
	scratch := t.TempDir()
	rapidtest.Few(t, 5)
	n := 0
	rapid.Check(t, func(rt *rapid.T) {
		n++
		o.Prefix = fmt.Sprint(n) + "/"
		simulate(rt, &container{connect(t, o), scratch})
	})
}

func simulate(t *rapid.T, where place) {
	s := &simulation{
		t: t, place: where, source: table{}, endpoint: table{}, twice: table{}, obeying: table{}, remembered: map[string]bool{},
		forgotten: map[string]bool{}, doubtful: map[string]bool{}, kept: true,
	}
	s.newGeneration()
	for range rapid.IntRange(1, 6).Draw(t, "syncs") {
		s.changeTable()
		if rapid.IntRange(0, 2).Draw(t, "generation") > 0 {
			s.newGeneration()
		}
		s.sync(true)
	}
	s.newGeneration()
	s.sync(false)
	s.equal("the endpoint", s.endpoint)
	s.equal("an endpoint that got everything twice", s.twice)
	s.equal("an endpoint that takes nothing twice", s.obeying)
	if sent := s.sync(false); sent != 0 {
		t.Fatalf("a sync without a change sends %d rows", sent)
	}
}

func (s *simulation) equal(who string, got table) {
	s.t.Helper()
	got = maps.Clone(got)
	for key := range s.forgotten {
		if _, there := s.source[key]; !there {
			delete(got, key)
		}
	}
	if diff := cmp.Diff(s.source, got); diff != "" {
		s.t.Fatalf("%s is not the table (-table +endpoint):\n%s", who, diff)
	}
}

func (s *simulation) newGeneration() { s.generation++; s.incomplete = false; s.met = map[string]bool{} }

var modelKeys = []string{"a", "b", "c", "d", "e"}

// changeTable sets and deletes some of few keys to one of few values, so that values come back.
func (s *simulation) changeTable() {
	for range rapid.IntRange(0, 6).Draw(s.t, "edits") {
		key := rapid.SampledFrom(modelKeys).Draw(s.t, "key")
		if rapid.IntRange(0, 3).Draw(s.t, "edit") == 0 {
			delete(s.source, key)
			continue
		}
		s.source[key] = fmt.Sprintf(`{"v":%d}`, rapid.IntRange(0, 2).Draw(s.t, "value"))
	}
}

// sync is one full refresh, with faults or without. It returns how many rows went out.
func (s *simulation) sync(faults bool) int {
	keep := !faults || rapid.IntRange(0, 2).Draw(s.t, "keep rows") > 0
	s.kept = s.kept && keep
	store := s.place.open(s.t, Options{KeepRows: keep})
	defer func() { _ = store.release() }() // where a draw gives up in mid-sync
	run := &run{simulation: s, faults: faults, store: store, touched: map[string]bool{}, confirmed: map[string]bool{}}
	var err error
	run.stream, err = store.Stream(s.t.Context(), Identity{Stream: "users", Key: [][]string{{"id"}}}, s.generation)
	if err == nil {
		err = run.all()
	}
	switch {
	case errors.Is(err, errCrash):
		s.place.crash(s.t, store)
		s.incomplete = true
		maps.Copy(s.doubtful, run.touched)
	case err != nil:
		s.t.Fatal(err)
	default:
		if err := store.Close(s.t.Context()); err != nil {
			s.t.Fatal(err)
		}
		for key := range run.confirmed {
			delete(s.doubtful, key)
		}
	}
	return run.sent
}

// run is one attempt of a sync.
type run struct {
	*simulation
	faults   bool
	store    *Store
	stream   *Stream
	sent     int
	batch    []Row
	inFlight []*Batch // in the order in which they were sent
	rejected bool
	// The keys of batches that were begun, and those that were settled without being rejected.
	touched, confirmed map[string]bool
}

func (r *run) fault(name string, oneIn int) bool {
	return r.faults && rapid.IntRange(1, oneIn).Draw(r.t, name) == 1
}

func (r *run) all() error {
	for _, key := range rapid.Permutation(modelKeys).Draw(r.t, "order") {
		if err := r.aside(); err != nil {
			return err
		}
		row, there := r.source[key]
		switch {
		case !there && r.fault("it is marked as deleted", 3):
			if err := r.remove(key); err != nil {
				return err
			}
		case !there:
			continue
		case r.fault("an older version comes first", 6):
			if err := r.row(key, `{"v":9}`); err != nil {
				return err
			}
		}
		if there {
			if err := r.row(key, row); err != nil {
				return err
			}
		}
	}
	if err := r.settleAll(); err != nil {
		return err
	}
	if r.fault("the source fails", 4) {
		return nil
	}
	if err := r.removals(); err != nil {
		return err
	}
	r.stream.Finish(true)
	return nil
}

// aside is what may happen between two rows.
func (r *run) aside() error {
	if r.fault("the index pays", 6) {
		if err := r.stream.loadIndex(); err != nil {
			return err
		}
	}
	if r.fault("a minute has passed", 6) {
		return r.store.Save(r.t.Context())
	}
	return nil
}

func (r *run) row(key, row string) error {
	change, v, err := r.stream.Diff([]byte(key), []byte(row))
	if err != nil {
		return err
	}
	r.met[key] = true
	if change == Unchanged {
		r.isThere(key, row)
		return r.maybeSettle()
	}
	return r.add(Row{Key: []byte(key), Version: v, Data: []byte(row)})
}

// remove is a row that the source marks as deleted.
func (r *run) remove(key string) error {
	change, v, err := r.stream.Remove([]byte(key))
	if err != nil {
		return err
	}
	if change == Unchanged {
		if !r.forgotten[key] {
			r.isThere(key, "")
		}
		return nil
	}
	r.met[key] = true
	return r.add(Row{Key: []byte(key), Version: v, Data: []byte(`{"deleted":true}`)})
}

// isThere holds the one promise of the package: what it takes for delivered is with the endpoint,
// or will be when what is in flight or in the open batch has arrived.
func (r *run) isThere(key, row string) {
	latest := r.endpoint[key]
	for _, open := range r.batch {
		if string(open.Key) == key {
			latest = string(open.Data)
			if open.removed() {
				latest = ""
			}
		}
	}
	if latest != row && !r.rejected {
		r.t.Fatalf("%s=%s is taken for delivered, the endpoint has %q", key, row, latest)
	}
}

func (r *run) add(row Row) error {
	r.batch = append(r.batch, row)
	if len(r.batch) < rapid.IntRange(1, 3).Draw(r.t, "batch") {
		return nil
	}
	return r.send()
}

func (r *run) send() error {
	rows := r.batch
	r.batch = nil
	if len(rows) == 0 {
		return nil
	}
	batch, err := r.stream.Begin(r.t.Context(), rows)
	if err != nil {
		return err
	}
	for _, row := range rows {
		r.touched[string(row.Key)] = true
	}
	if r.fault("crash before the request", 12) {
		return errCrash
	}
	for i := range rows {
		if rows[i].Rejected = r.fault("rejected", 8); rows[i].Rejected {
			r.rejected = true
			continue
		}
		r.deliver(rows[i])
		if r.fault("crash in the request", 20) {
			return errCrash
		}
	}
	r.inFlight = append(r.inFlight, batch)
	return r.maybeSettle()
}

func (r *run) deliver(row Row) {
	r.sent++
	delete(r.forgotten, string(row.Key))
	apply(r.endpoint, row)
	apply(r.twice, row)
	apply(r.twice, row)
	if !r.repeats(row) {
		apply(r.obeying, row)
	}
}

// repeats reports whether a row passes for one that was sent before.
func (r *run) repeats(row Row) bool {
	id := fmt.Sprintf("%d %x %s %v %s", r.stream.Salt(), row.Version.AppendReplaced(nil), row.Key, row.removed(), row.Data)
	before := r.remembered[id]
	r.remembered[id] = true
	return before
}

func apply(to table, row Row) {
	if row.removed() {
		delete(to, string(row.Key))
		return
	}
	to[string(row.Key)] = string(row.Data)
}

func (r *run) maybeSettle() error {
	for len(r.inFlight) > 0 && rapid.Bool().Draw(r.t, "settle") {
		if err := r.settleOne(); err != nil {
			return err
		}
	}
	return nil
}

func (r *run) settleOne() error {
	if r.fault("crash before settling", 12) {
		return errCrash
	}
	if err := r.inFlight[0].Confirm(); err != nil {
		return err
	}
	for _, row := range r.inFlight[0].rows {
		if !row.Rejected {
			r.confirmed[string(row.Key)] = true
		}
	}
	r.inFlight = r.inFlight[1:]
	if r.fault("crash after settling", 12) {
		return errCrash
	}
	return nil
}

func (r *run) settleAll() error {
	if err := r.send(); err != nil {
		return err
	}
	for len(r.inFlight) > 0 {
		if err := r.settleOne(); err != nil {
			return err
		}
	}
	return nil
}

func (r *run) removals() error {
	if left, _, err := r.stream.CountUnseen(); r.incomplete {
		if !errors.Is(err, ErrGenerationIncomplete) {
			r.t.Fatalf("after an attempt that died there are %d rows left, %v", left, err)
		}
		return nil
	} else if err != nil {
		return err
	}
	var forgotten []Row
	silent := r.fault("removals are not sent", 4)
	for row, err := range r.stream.Unseen() {
		if err != nil {
			return err
		}
		if err := r.mayLeave(row); err != nil {
			return err
		}
		if silent {
			forgotten = append(forgotten, row)
		} else if err := r.add(row); err != nil {
			return err
		}
	}
	for _, row := range forgotten {
		r.forgotten[string(row.Key)] = true
	}
	if err := r.stream.Commit(forgotten); err != nil {
		return err
	}
	return r.settleAll()
}

// mayLeave looks at a row that is to be removed: nobody has met it, and what goes out with it is
// what the endpoint knows it by.
func (r *run) mayLeave(row Row) error {
	key, data := string(row.Key), string(row.Data)
	switch {
	case r.met[key]:
		return fmt.Errorf("%s is to be removed, but this generation has met it", key)
	case data == "" && r.kept:
		return fmt.Errorf("%s is to be removed without data, though rows were always kept", key)
	case data != "" && data != r.endpoint[key] && !r.doubtful[key]:
		return fmt.Errorf("%s is to be removed with the data %s, the endpoint has %q", key, data, r.endpoint[key])
	}
	return nil
}

func TestTheSimulationSeesALostNote(t *testing.T) {
	// The model above is worth something only if it fails for the order of events that the notes of
	// Begin are for.
	disk := vfs.NewCrashableMem()
	store, err := openIn(t.Context(), disk, "snapshot", Options{})
	if err != nil {
		t.Fatal(err)
	}
	stream := openStream(t, store, "users", 1)
	deliver(t, stream, "a", `{"v":0}`, Added)
	_, v := diff(t, stream, "a", `{"v":1}`, Changed)
	if _, err := stream.Begin(t.Context(), []Row{{Key: []byte("a"), Version: v}}); err != nil {
		t.Fatal(err)
	}
	after := disk.CrashClone(vfs.CrashCloneCfg{})
	closeStore(t, store)
	store, err = openIn(t.Context(), after, "snapshot", Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer closeStore(t, store)
	// The endpoint has 0 or 1. That the table is back at 0 proves nothing.
	diff(t, openStream(t, store, "users", 2), "a", `{"v":0}`, Changed)
}
