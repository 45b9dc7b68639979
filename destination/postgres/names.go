package postgres

import (
	"cmp"
	"strings"

	"github.com/jackc/pgx/v5"
)

// names are the quoted names of the tables.
type names struct {
	schema, shown string
	replacer      *strings.Replacer
	statements    [tableCount]statements
}

// newNames makes the names by schema and prefix.
func newNames(schema, prefix string) names {
	schema = cmp.Or(schema, "public")
	quoted := func(name string) string { return pgx.Identifier{schema, prefix + name}.Sanitize() }
	n := names{schema: schema, shown: schema + "." + prefix}
	n.replacer = strings.NewReplacer(
		"{schema}", pgx.Identifier{schema}.Sanitize(), "{version}", quoted("version"), "{streams}", quoted("streams"),
		"{ids}", quoted("ids"), "{intents}", quoted("intents"), "{entries}", quoted("entries"), "{tombstones}", quoted("tombstones"),
		"{rows}", quoted("rows"), "{spellings}", quoted("spellings"), "{endpoint}", quoted("endpoint"),
	)
	for t := range tableCount {
		n.statements[t] = statementsOf(t, quoted(tables[t].name))
	}
	return n
}

// sql puts the names into a statement.
func (n *names) sql(text string) string { return n.replacer.Replace(text) }
