-- Writes the table users in four parts by its key, as messages of Airbyte, with DuckDB: a file for each
-- pod of job.yaml. The digest puts a key into the same part in every sync; what hash() of DuckDB does may
-- change with its version.
CREATE TEMP VIEW messages AS
SELECT 'RECORD' AS type,
       {stream: 'users', emitted_at: epoch_ms(now()), data: users} AS record,
       md5_number_lower(id::VARCHAR) % 4 AS part
FROM users;

COPY (SELECT type, record FROM messages WHERE part = 0) TO 'part-0.jsonl' (FORMAT json);
COPY (SELECT type, record FROM messages WHERE part = 1) TO 'part-1.jsonl' (FORMAT json);
COPY (SELECT type, record FROM messages WHERE part = 2) TO 'part-2.jsonl' (FORMAT json);
COPY (SELECT type, record FROM messages WHERE part = 3) TO 'part-3.jsonl' (FORMAT json);
