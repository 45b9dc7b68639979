package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
)

// naiveRows is how many rows the naive program puts into a batch; the default config's number.
const naiveRows = 1000

// naive does what most connectors do: each line becomes a map, a batch of maps becomes a body, one
// request after the other. It changes numbers beyond 2^53, and promises nothing.
func naive(args []string) error {
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 64<<20)
	client := &http.Client{Transport: &http.Transport{}}
	var rows []map[string]any
	for in.Scan() {
		var m struct {
			Type   string
			Record struct{ Data map[string]any }
		}
		if err := json.Unmarshal(in.Bytes(), &m); err != nil {
			return err
		}
		if m.Type == "RECORD" {
			rows = append(rows, map[string]any{"data": m.Record.Data, "operation": "added"})
		}
		if len(rows) == naiveRows {
			if err := naivePost(client, args[0], rows); err != nil {
				return err
			}
			rows = rows[:0]
		}
	}
	if err := in.Err(); err != nil || len(rows) == 0 {
		return err
	}
	return naivePost(client, args[0], rows)
}

func naivePost(client *http.Client, url string, rows []map[string]any) error {
	body, err := json.Marshal(map[string]any{"sync_mode": "insert", "rows": rows})
	if err != nil {
		return err
	}
	res, err := client.Post(url, "application/json", bytes.NewReader(body))
	if err != nil {
		return err
	}
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("the endpoint answered %s", res.Status)
	}
	return res.Body.Close()
}
