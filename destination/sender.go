package destination

import (
	"context"

	"destination-webhook/batching"
	"destination-webhook/destination/delivery"
)

// sender brings batches to their endpoint. Many goroutines use it at once.
type sender struct {
	client *delivery.Client
	routes []*route
	stats  *stats
}

// send delivers a batch; it is a batching.Send.
func (s *sender) send(ctx context.Context, b *batching.Batch) batching.Outcome {
	r := s.routes[b.Stream.Index]
	answer, err := s.client.Deliver(ctx, request(r, b.Body))
	if err != nil {
		return batching.Outcome{Err: undelivered(r, b.Rows(), err)}
	}
	s.stats.answered(b.Stream.Index, answer.Attempts, answer.Latency)
	s.stats.delivered(b.Stream.Index, b.Rows(), 0, len(b.Body))
	return batching.Outcome{}
}

// request is the delivery of a body. Its Webhook-Timestamp is set with each attempt; see stamp.
func request(r *route, body []byte) delivery.Request {
	id := webhookID(r, body)
	header := r.header.Clone()
	header["Webhook-Id"] = []string{id}
	return delivery.Request{Method: r.method, URL: r.url, Header: header, ID: id, Body: body}
}
