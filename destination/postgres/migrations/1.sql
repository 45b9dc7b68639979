CREATE TABLE {version} (version integer PRIMARY KEY, made_at timestamptz NOT NULL DEFAULT now());
COMMENT ON TABLE {version} IS 'The versions of these tables; the highest one counts.';

CREATE SEQUENCE {ids} MAXVALUE 2147483647;

CREATE TABLE {streams} (name text PRIMARY KEY, id bigint NOT NULL UNIQUE, meta text NOT NULL, seen bytea);
COMMENT ON TABLE {streams} IS 'The streams of the snapshot.';
COMMENT ON COLUMN {streams}.name IS 'Namespace and name, both quoted.';
COMMENT ON COLUMN {streams}.id IS 'The number by which the other tables know the stream.';
COMMENT ON COLUMN {streams}.meta IS 'The state of the stream, JSON: primary key, generation, and so on.';
COMMENT ON COLUMN {streams}.seen IS 'What the current generation has seen: a bitmap over ordinals.';

CREATE TABLE {entries} (stream bigint, key bytea, long_key bytea, digest bytea NOT NULL, ordinal bigint NOT NULL, born bigint NOT NULL,
	changes bigint NOT NULL, sent bytea, PRIMARY KEY (stream, key));
COMMENT ON TABLE {entries} IS 'What the endpoint has: a row for each primary key.';
COMMENT ON COLUMN {entries}.stream IS 'The id of the stream.';
COMMENT ON COLUMN {entries}.key IS 'The primary key as it is sent, JSON in UTF-8; of one above 1000 bytes the first 1000 and the SHA-256 of all.';
COMMENT ON COLUMN {entries}.long_key IS 'All of a primary key above 1000 bytes.';
COMMENT ON COLUMN {entries}.digest IS 'Half of the SHA-256 of the row that was confirmed; 16 bytes of 0, or 15 of 0 and one of 255, if the outcome of a request is not known.';
COMMENT ON COLUMN {entries}.ordinal IS 'The number of the key in the bitmap of its stream.';
COMMENT ON COLUMN {entries}.born IS 'How many syncs had ended well when the key was added.';
COMMENT ON COLUMN {entries}.changes IS 'How often it has changed since then.';
COMMENT ON COLUMN {entries}.sent IS 'The digest of what was sent last, if the outcome is not known.';

CREATE TABLE {rows} (stream bigint, key bytea, long_key bytea, data bytea NOT NULL, PRIMARY KEY (stream, key));
COMMENT ON TABLE {rows} IS 'The last row of each key, with keep_rows.';
COMMENT ON COLUMN {rows}.data IS 'The row, JSON in UTF-8, byte for byte.';

CREATE TABLE {tombstones} (stream bigint, key bytea, long_key bytea, born bigint NOT NULL, changes bigint NOT NULL, PRIMARY KEY (stream, key));
COMMENT ON TABLE {tombstones} IS 'Keys that are gone, until a sync ends well.';

CREATE TABLE {spellings} (stream bigint, key bytea, long_key bytea, data bytea NOT NULL, PRIMARY KEY (stream, key));
COMMENT ON TABLE {spellings} IS 'The key by which the endpoint has what can be written in several ways, such as 1.0 and 1.';
COMMENT ON COLUMN {spellings}.key IS 'The same for all ways to write the key.';
COMMENT ON COLUMN {spellings}.data IS 'The key as the endpoint got it first.';

CREATE TABLE {intents} (number bigint PRIMARY KEY, stream text NOT NULL, data bytea NOT NULL);
CREATE INDEX ON {intents} (stream);
COMMENT ON TABLE {intents} IS 'Batches that were begun and are not confirmed.';
COMMENT ON COLUMN {intents}.stream IS 'The name of the stream.';
COMMENT ON COLUMN {intents}.data IS 'The rows of the batch, in a form of the connector.';

CREATE VIEW {endpoint} AS
SELECT s.name AS stream, convert_from(coalesce(e.long_key, e.key), 'UTF8') AS key, convert_from(r.data, 'UTF8') AS data,
	CASE e.digest WHEN '\x00000000000000000000000000000000' THEN 'may have it'
		WHEN '\x000000000000000000000000000000ff' THEN 'has a version of it' ELSE 'has it' END AS state
FROM {entries} e JOIN {streams} s ON s.id = e.stream LEFT JOIN {rows} r ON r.stream = e.stream AND r.key = e.key;
COMMENT ON VIEW {endpoint} IS 'What the endpoint has.';
