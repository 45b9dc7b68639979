SELECT set_config(name, CASE name
	WHEN 'tcp_keepalives_idle' THEN '30' WHEN 'tcp_keepalives_interval' THEN '10' WHEN 'tcp_keepalives_count' THEN '3'
	WHEN 'statement_timeout' THEN '60s' WHEN 'lock_timeout' THEN '30s' WHEN 'bytea_output' THEN 'hex'
	WHEN 'synchronous_commit' THEN CASE setting WHEN 'off' THEN 'on' ELSE setting END
	ELSE '0' END, false)
FROM pg_settings WHERE name IN ('tcp_keepalives_idle', 'tcp_keepalives_interval', 'tcp_keepalives_count', 'statement_timeout',
	'lock_timeout', 'synchronous_commit', 'idle_session_timeout', 'idle_in_transaction_session_timeout')
