package snapshot

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"destination-webhook/destination/postgres/postgrestest"
)

// The rows that a refresh sees and that have not changed cost no write each, in any table: they are
// bits of a bitmap.
func TestSeenRowsAreNotWrittenInPostgres(t *testing.T) {
	const rows = 300
	server := atPostgres(t)
	store, stream := mustOpenUsers(t, server.URL(), 1)
	var batch []Row
	for i := range rows {
		key := fmt.Sprint(i)
		_, v := diff(t, stream, key, `{"v":1}`, Added)
		batch = append(batch, Row{Key: []byte(key), Version: v, Data: []byte(`{"v":1}`)})
	}
	settle(t, stream, batch...)
	stream.Finish(true)
	closeStore(t, store)

	stored, transactions := storedRows(server), transactionsOf(t, server)
	store, stream = mustOpenUsers(t, server.URL(), 2)
	for i := range rows {
		diff(t, stream, fmt.Sprint(i), `{"v":1}`, Unchanged)
	}
	left(t, stream)
	stream.Finish(true)
	closeStore(t, store)
	if got := storedRows(server); got != stored || !strings.Contains(got, fmt.Sprint(rows)) {
		t.Errorf("rows were written: there are\n%s, there were\n%s", got, stored)
	}
	if n := transactionsOf(t, server) - transactions; n > rows/10 {
		t.Errorf("a refresh of %d rows that have not changed took %d transactions that write", rows, n)
	}

	store, stream = mustOpenUsers(t, server.URL(), 2)
	left(t, stream) // the bitmap is there
	closeStore(t, store)
}

// storedRows returns of each table of keys how many rows it has, and the last transaction that wrote
// one.
func storedRows(server *postgrestest.Server) string {
	found := ""
	for name := range strings.FieldsSeq(server.Psql(`SELECT relname FROM pg_class WHERE relkind = 'r' AND relname ~ '_(entries|rows|tombstones|spellings)$' ORDER BY 1`)) {
		found += name + " " + server.Psql(`SELECT count(*), max(xmin::text::bigint) FROM `+name)
	}
	return found
}

// transactionsOf returns how many transactions of the server have written.
func transactionsOf(t *testing.T, server *postgrestest.Server) int {
	t.Helper()
	n, err := strconv.Atoi(strings.TrimSpace(server.Psql(`SELECT txid_current()`)))
	if err != nil {
		t.Fatal(err)
	}
	return n
}
