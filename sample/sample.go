// Package sample holds the records of an invented shop, to try a sync with: customers, which are
// upserted and sometimes deleted, and orders, which are inserted.
package sample

import _ "embed"

// SigningSecret is the one in Config. It protects nothing.
const SigningSecret = "whsec_c2FtcGxlLXNlY3JldC1mb3ItdGhlLWRlbW8tb25seQ=="

// Config sends to a receiver at 127.0.0.1:8080.
//
//go:embed config.json
var Config []byte

// Catalog is the configured catalog of the two streams.
//
//go:embed catalog.json
var Catalog []byte

// Schema is a JSON Schema that the data of every row fits.
//
//go:embed schema.json
var Schema []byte

// Records is the input of the sync, with states between the records.
//
//go:embed records.jsonl
var Records []byte
