package main

import (
	"bytes"
	"fmt"

	"destination-webhook/receiver"
)

// compare looks at the requests of one process after the other. One body has one Webhook-Id and one
// Webhook-Id one body. If batches are steady, the first request of a process that holds a
// record, which is the whole batch before any halving, has the body that it had in the processes
// before.
func compare(lives [][]receiver.Request, steady bool) error {
	ids, bodies := make(map[string]string), make(map[string]string)
	batches := make(map[int][]byte) // by position of a record
	for n, requests := range lives {
		now := make(map[int]bool) // records seen in this process
		for i := range requests {
			q := &requests[i]
			if q.Problem != "" || len(q.Body) == 0 {
				continue // it was cut off
			}
			body := q.Stream + "\x00" + string(q.Body)
			if id, seen := ids[body]; seen && id != q.WebhookID {
				return fmt.Errorf("process %d: a body has two Webhook-Ids, %s and %s: %s", n+1, id, q.WebhookID, q.Body)
			}
			if other, seen := bodies[q.WebhookID]; seen && other != body {
				return fmt.Errorf("process %d: Webhook-Id %s has two bodies: %s and %s", n+1, q.WebhookID, other, body)
			}
			ids[body], bodies[q.WebhookID] = q.WebhookID, body
			if err := sameBatch(batches, now, q.Body); err != nil && steady {
				return fmt.Errorf("process %d: %w", n+1, err)
			}
		}
	}
	return nil
}

// sameBatch compares a body, if it is the first one of the process for its records, with the batch
// that held them before.
func sameBatch(batches map[int][]byte, now map[int]bool, body []byte) error {
	for _, i := range positions(body) {
		if now[i] {
			continue
		}
		now[i] = true
		if before := batches[i]; before != nil && !bytes.Equal(before, body) {
			return fmt.Errorf("the record at position %d was in another batch before:\n%s\nand is now in\n%s", i, before, body)
		}
		batches[i] = body
	}
	return nil
}
