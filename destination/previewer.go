package destination

import (
	"context"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"destination-webhook/batching"
	"destination-webhook/destination/auth"
	"destination-webhook/destination/config"
	"destination-webhook/destination/failure"
)

// previewer stands where a sync has its sender: it counts rows and sends none.
type previewer struct {
	mu      sync.Mutex
	config  *config.Config
	network *network
	routes  []*route
	streams []StreamPreview
}

// maxPreviewRows is how many rows of the first envelope a preview shows.
const maxPreviewRows = 3

// preview reads the input as a sync would, on a copy of the snapshot, and tells what would be sent.
func (s *session) preview(ctx context.Context, in io.Reader) ([]StreamPreview, error) {
	v := &previewer{config: s.config, network: s.network, routes: s.routes.all, streams: make([]StreamPreview, len(s.routes.all))}
	lenient := *s.config // so that every row is counted
	lenient.OnRejectedRows, lenient.AllowMassRemoval = config.ToDeadLetter, true
	r := newRun(ctx, &lenient, s.catalog, s.routes, v.send, s.out, s.progress)
	r.seen = func(stream int) { v.streams[stream].records++ }
	err := r.sync(ctx, in, s.network.client(s.config, s.network.authorized))
	s.progress.ticker.Stop()
	for i := range v.streams {
		v.finish(i)
	}
	return v.streams, err
}

// send is a batching.Send that counts.
func (v *previewer) send(ctx context.Context, b *batching.Batch) (outcome batching.Outcome) {
	defer failure.RecoverTo(&outcome.Err)
	route := v.routes[b.Stream.Index]
	rejected := v.count(b)
	if route.audience == nil {
		return batching.Outcome{Rejected: rejected}
	}
	confirm, err := route.audience.begin(ctx, b)
	if err == nil {
		err = confirm.settle(rejected, b.Suppressed())
	}
	return batching.Outcome{Rejected: rejected, Err: err}
}

func (v *previewer) count(b *batching.Batch) (rejected []int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	p := &v.streams[b.Stream.Index]
	var sent []int
	for i := range b.Rows() {
		fields := rowFields.Find(b.Row(i), nil)
		_, silent := slices.BinarySearch(b.Suppressed(), i)
		switch {
		case silent && fields[1] == nil:
			p.MissingKey++
			rejected = append(rejected, i)
			continue
		case silent:
			p.Unsent++
			continue
		case fields[2] == nil:
			p.Upserted++
		case string(fields[2]) == `"added"`:
			p.Added++
		case string(fields[2]) == `"changed"`:
			p.Changed++
		default:
			p.Removed++
		}
		sent = append(sent, i)
	}
	if p.Envelope == nil && len(sent) > 0 {
		v.show(p, v.routes[b.Stream.Index], b, sent)
	}
	return rejected
}

// show keeps the beginning of the first envelope, and the request around it.
func (v *previewer) show(p *StreamPreview, r *route, b *batching.Batch, sent []int) {
	request := request(r, b.AppendBody(nil, sent))
	p.Request = v.network.redactor.String(r.method + " " + r.url)
	p.Header = v.header(request.Header)
	p.BatchRows = len(sent)
	p.Envelope = b.AppendBody(nil, sent[:min(len(sent), maxPreviewRows)])
}

// header is what an attempt adds to the header of a request as well, with stars for all values that may be secret or are not
// known before.
func (v *previewer) header(h http.Header) http.Header {
	shown, authentication := h.Clone(), v.config.Authentication
	v.network.sign(shown, "", time.Time{}, nil)
	if coding := v.config.Delivery.Compression; coding != config.Uncompressed {
		shown.Set("Content-Encoding", string(coding))
	}
	if authentication.Chosen() {
		shown.Set("Authorization", "")
	}
	if authentication.Type == auth.SigV4 {
		shown.Set("X-Amz-Date", "")
	}
	public := []string{"Content-Type", "Content-Encoding", "User-Agent", "Webhook-Id"}
	for name := range shown {
		if !strings.HasPrefix(name, "Airbyte-") && !slices.Contains(public, name) {
			shown[name] = []string{"********"}
		}
	}
	return shown
}

// finish sets what is known only at the end.
func (v *previewer) finish(i int) {
	p, r := &v.streams[i], v.routes[i]
	p.Stream, p.SyncMode = r.title(), r.mode
	rest := p.records - p.Added - p.Changed - p.Removed - p.Upserted - p.Unsent - p.MissingKey
	a := r.audience
	if a == nil {
		p.Unsent += rest // sync mode remove, without a snapshot, sends deletions alone
		return
	}
	p.Unchanged, p.Repeated = rest+a.refresh.left, a.Repeated()
	if err := a.guard(v.config, r.title()); err != nil {
		p.Refused = err.Error()
	}
	if a.removes(false) {
		p.Kept = a.refresh.kept
	}
}
