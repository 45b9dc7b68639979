package postgres

import (
	"fmt"
	"strings"
)

// Table is one of the tables whose primary key is a stream and a key.
type Table int

// The tables, see migrations/1.sql.
const (
	Entries Table = iota
	Tombstones
	Rows
	Spellings

	tableCount
)

// Value is what is stored of a key. Each table has some of the fields.
type Value struct {
	Digest, Sent           []byte
	Ordinal, Born, Changes uint64
	Data                   []byte
}

// column is a column of a table: its name, its type, and how it is read from a Value.
type column struct {
	name, sqlType string
	bytes         func(*Value) *[]byte
	number        func(*Value) *uint64
}

var (
	digest  = column{name: "digest", sqlType: "bytea", bytes: func(v *Value) *[]byte { return &v.Digest }}
	ordinal = column{name: "ordinal", sqlType: "bigint", number: func(v *Value) *uint64 { return &v.Ordinal }}
	born    = column{name: "born", sqlType: "bigint", number: func(v *Value) *uint64 { return &v.Born }}
	changes = column{name: "changes", sqlType: "bigint", number: func(v *Value) *uint64 { return &v.Changes }}
	sent    = column{name: "sent", sqlType: "bytea", bytes: func(v *Value) *[]byte { return &v.Sent }}
	data    = column{name: "data", sqlType: "bytea", bytes: func(v *Value) *[]byte { return &v.Data }}
)

var tables = [tableCount]struct {
	name    string
	columns []column
}{
	Entries:    {"entries", []column{digest, ordinal, born, changes, sent}},
	Tombstones: {"tombstones", []column{born, changes}},
	Rows:       {"rows", []column{data}},
	Spellings:  {"spellings", []column{data}},
}

// statements are those on a table. Each takes the stream first.
type statements struct{ lookup, scan, upsert, remove, erase string }

func statementsOf(t Table, name string) statements {
	sql := fmt.Sprintf
	var columns, arrays, sets []string
	for i, c := range tables[t].columns {
		columns = append(columns, c.name)
		arrays = append(arrays, fmt.Sprintf("$%d::%s[]", i+4, c.sqlType))
		sets = append(sets, c.name+" = excluded."+c.name)
	}
	list := strings.Join(columns, ", ")
	return statements{
		lookup: sql("SELECT key, long_key, %s FROM %s WHERE stream = $1 AND key = ANY($2)", list, name),
		scan:   sql("SELECT key, long_key, %s FROM %s WHERE stream = $1 AND key > $2 ORDER BY key LIMIT $3", list, name),
		upsert: sql("INSERT INTO %s (stream, key, long_key, %s) SELECT $1::bigint, * FROM unnest($2::bytea[], $3::bytea[], %s) ON CONFLICT (stream, key) DO UPDATE SET %s",
			name, list, strings.Join(arrays, ", "), strings.Join(sets, ", ")),
		remove: sql("DELETE FROM %s WHERE stream = $1 AND key = ANY($2)", name),
		erase:  sql("DELETE FROM %s WHERE stream = $1 AND ctid = ANY(ARRAY(SELECT ctid FROM %s WHERE stream = $1 LIMIT %d))", name, name, erased),
	}
}

// erased is how many rows of a table one call deletes.
const erased = 50_000
