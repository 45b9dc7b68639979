package postgres

import (
	"context"
	_ "embed"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"destination-webhook/destination/failure"
)

//go:embed migrations/1.sql
var first string

// migrations make the tables of version n from those of n-1. They are never changed, only added to.
var migrations = []string{first}

var errEncoding = failure.Config(errors.New("the database's encoding is not UTF8: create one with ENCODING 'UTF8'"))

// migrate brings the tables to this version, in one transaction that no other process shares.
func (s *Server) migrate(ctx context.Context, c *conn) error {
	return c.transact(ctx, s.migrateIn)
}

func (s *Server) migrateIn(ctx context.Context, tx pgx.Tx) error {
	if _, err := tx.Exec(ctx, "SELECT pg_advisory_xact_lock($1)", lockKey(s.names.shown, "")); err != nil {
		return err
	}
	found, err := s.version(ctx, tx)
	if err != nil || found == len(migrations) {
		return err
	}
	if found > len(migrations) {
		return fmt.Errorf("%w (found %d, want %d)", errVersion, found, len(migrations))
	}
	if err := s.makeSchema(ctx, tx); err != nil {
		return err
	}
	for _, text := range migrations[found:] {
		if _, err := tx.Conn().PgConn().Exec(ctx, s.names.sql(text)).ReadAll(); err != nil {
			return err
		}
	}
	_, err = tx.Exec(ctx, s.names.sql("INSERT INTO {version} (version) VALUES ($1)"), len(migrations))
	return err
}

// version returns that of the tables, 0 if there are none.
func (s *Server) version(ctx context.Context, tx pgx.Tx) (version int, err error) {
	var exists bool
	var encoding string
	err = tx.QueryRow(ctx, "SELECT to_regclass($1) IS NOT NULL, current_setting('server_encoding')", s.names.sql("{version}")).Scan(&exists, &encoding)
	switch {
	case err != nil:
		return 0, err
	case encoding != "UTF8":
		return 0, errEncoding
	case exists:
		err = tx.QueryRow(ctx, s.names.sql("SELECT max(version) FROM {version}")).Scan(&version)
	}
	return version, err
}

// makeSchema creates the schema if there is none: to ask the server to do so takes a right that
// need not be there otherwise.
func (s *Server) makeSchema(ctx context.Context, tx pgx.Tx) error {
	var exists bool
	err := tx.QueryRow(ctx, "SELECT to_regnamespace($1) IS NOT NULL", s.names.sql("{schema}")).Scan(&exists)
	if err == nil && !exists {
		_, err = tx.Exec(ctx, s.names.sql("CREATE SCHEMA {schema}"))
	}
	return err
}
