package destination

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"destination-webhook/batching"
	"destination-webhook/destination/audience"
	"destination-webhook/destination/auth"
	"destination-webhook/destination/config"
	"destination-webhook/destination/engine"
	"destination-webhook/destination/failure"
	"destination-webhook/destination/manifest"
	"destination-webhook/destination/payload"
	"destination-webhook/destination/redact"
	"destination-webhook/destination/sender"
	"destination-webhook/destination/snapshot"
)

// previewer takes the place of a stream's sender: it counts rows and sends none.
type previewer struct {
	session *session
	stream  *engine.Stream
	names   *payload.Names

	mu      sync.Mutex
	preview StreamPreview
	routed  map[payload.Operation]int // rows whose route is shown
}

// maxPreviewRows is how many rows of the first envelope a preview shows.
const maxPreviewRows = 3

// preview reads the input as a sync would, with a copy of the snapshot, and returns what would be
// sent.
func (s *session) preview(ctx context.Context, in io.Reader) (previews []StreamPreview, err error) {
	err = s.onCopy(ctx, func(ctx context.Context, streams []*engine.Stream) (err error) {
		previews, err = s.count(ctx, streams, in)
		return err
	})
	return previews, err
}

// onCopy calls f with the streams of a sync, which work on a copy of the snapshot.
func (s *session) onCopy(ctx context.Context, f func(ctx context.Context, streams []*engine.Stream) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	store, discard, err := s.copySnapshot(ctx, cancel)
	if err != nil {
		return err
	}
	defer discard()
	streams, err := s.streams(ctx, store)
	if err != nil {
		return err
	}
	return f(ctx, streams)
}

// copySnapshot opens a copy of the snapshot, nil if there is none. discard throws it away.
func (s *session) copySnapshot(ctx context.Context, cancel context.CancelCauseFunc) (store *snapshot.Store, discard func(), err error) {
	place, err := snapshotPlaceOf(s.config, s.network)
	if err != nil {
		return nil, nil, notOpened(err)
	}
	if place == nil {
		return nil, func() {}, nil
	}
	scratch, err := os.MkdirTemp("", "preview-")
	if err != nil {
		return nil, nil, fmt.Errorf("making a scratch folder: %w", err)
	}
	if store, err = place.copyTo(ctx, scratch, s.snapshotOptions(cancel)); err != nil {
		_ = os.RemoveAll(scratch)
		return nil, nil, notOpened(err)
	}
	return store, func() {
		_ = store.Close(context.WithoutCancel(ctx))
		_ = os.RemoveAll(scratch)
	}, nil
}

// count runs the engine with a previewer for each stream. Rejected rows and mass removals are
// counted, not refused.
func (s *session) count(ctx context.Context, streams []*engine.Stream, in io.Reader) ([]StreamPreview, error) {
	var previewers []*previewer
	for _, stream := range streams {
		names := payload.NewNames(stream.Route, s.identity.of(stream.Route), &payload.Occurrences{})
		v := &previewer{session: s, stream: stream, names: names}
		stream.Send, stream.OnRecord = v.send, func() { v.preview.records++ }
		previewers = append(previewers, v)
	}
	options := engineOptions(s.config, s.progress)
	policy := options.Policy
	options.DeadLetters, options.Policy.AllowMassRemoval = true, true
	// So that the first rows are shown.
	options.Batching.MaxInFlight, options.Batching.Partitions = 1, 1
	err := engine.New(ctx, streams, options, s.out).Run(ctx, in, s.network.Stop)
	s.progress.Stop()
	var previews []StreamPreview
	for _, v := range previewers {
		v.finish(policy)
		previews = append(previews, v.preview)
	}
	return previews, err
}

// send is a batching.Send that counts.
func (v *previewer) send(ctx context.Context, b *batching.Batch) (outcome batching.Outcome) {
	defer failure.RecoverTo(&outcome.Err)
	rejected := v.count(b)
	if v.stream.Audience == nil {
		return batching.Outcome{Rejected: rejected}
	}
	confirmation, err := v.stream.Audience.Begin(ctx, b)
	if err == nil {
		err = confirmation.Confirm(rejected, b.Suppressed())
	}
	return batching.Outcome{Rejected: rejected, Err: err}
}

func (v *previewer) count(b *batching.Batch) (rejected []int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	p := &v.preview
	var sent []int
	for i := range b.Rows() {
		_, suppressed := slices.BinarySearch(b.Suppressed(), i)
		switch {
		case suppressed && v.reject(payload.ReadMetadata(b.Metadata(i)).Reason):
			rejected = append(rejected, i)
		case suppressed:
			p.Unsent++
		default:
			sent = append(sent, i)
		}
	}
	v.countSent(b, sent)
	return rejected
}

// countSent counts rows of a batch that would be sent, unless others would be in their place.
func (v *previewer) countSent(b *batching.Batch, rows []int) {
	p := &v.preview
	if v.session.config.Batching.Compact && payload.Compacts(v.stream.Route.Mode) {
		all := len(rows)
		rows, _ = payload.Compact(b, rows)
		p.Unsent += all - len(rows)
	}
	var sent []int
	for _, i := range rows {
		row := payload.ReadRow(b, i)
		p.add(row.Operation)
		if v.route(&row) {
			sent = append(sent, i)
		}
	}
	if p.Request == "" && len(sent) > 0 {
		v.show(b, sent)
	}
	for _, i := range sent {
		v.showRow(b, i)
	}
}

// route shows where the first rows of each operation go, if not all go the same way. It reports
// whether a URL can be made of the row.
func (v *previewer) route(row *payload.Row) bool {
	r, p := v.stream.Route, &v.preview
	if r.Uniform() {
		return true
	}
	e := r.To(string(row.Operation))
	address, err := r.Address(e, row.PrimaryKey, row.Data)
	if err != nil {
		if p.NoURL++; p.NoURL == 1 {
			p.NoURLCause = err.Error()
		}
		return false
	}
	if v.routed == nil {
		v.routed = make(map[payload.Operation]int)
	}
	if v.routed[row.Operation]++; v.routed[row.Operation] <= maxPreviewRows {
		p.Routes = append(p.Routes, v.session.redactor.String(e.Method+" "+address))
	}
	return true
}

// reject counts a row that would be rejected before it is sent, if it has a reason for that.
func (v *previewer) reject(reason string) bool {
	p := &v.preview
	switch reason {
	case "":
		return false
	case payload.NoKey:
		p.MissingKey++
	default:
		p.Rejected++
		p.Rejection = cmp.Or(p.Rejection, reason)
	}
	return true
}

// showRow keeps one of the first rows and its record, unless the envelope shows both.
func (v *previewer) showRow(b *batching.Batch, i int) {
	p, format := &v.preview, &v.stream.Route.Payload
	if len(p.Rows) < maxPreviewRows && (format.Format != config.Envelope || format.Transform != "") {
		p.Rows = append(p.Rows, PreviewRow{Record: bytes.Clone(payload.ReadRow(b, i).Data), Row: string(b.Row(i))})
	}
}

// show keeps the first request, with the beginning of its envelope.
func (v *previewer) show(b *batching.Batch, sent []int) {
	p := &v.preview
	first, err := sender.First(v.stream.Route, b, sent)
	if err != nil {
		return // the row has no URL; a later one may
	}
	body := first.Body(b)
	p.Request = v.session.redactor.String(first.To.Method + " " + first.URL)
	id := v.names.WebhookID(first.To.Method, first.URL, body, v.stream.Audience.Replaced(b, first.Rows), nil, 0)
	p.Header = v.header(first.To.Header, id)
	if r := v.stream.Route; r.Manifest != nil {
		p.Header.Set(manifest.RunHeader, redact.Stars)
		p.Header.Set(manifest.GenerationHeader, strconv.FormatInt(r.Configured.GenerationID, 10))
	}
	p.BatchRows = len(first.Rows)
	if body == nil {
		return
	}
	shown := b.AppendBody(nil, first.Rows[:min(len(first.Rows), maxPreviewRows)])
	if v.stream.Route.Payload.Format == config.Envelope {
		p.Envelope = shown
		return
	}
	v.names.Show(shown, id)
	p.Body = string(shown)
}

// header adds what an attempt adds to the header of a stream, with stars for all values that may be
// secret or are not known before.
func (v *previewer) header(h http.Header, id string) http.Header {
	c := v.session.config
	shown := h.Clone()
	v.session.network.Sign(shown, id, time.Time{}, nil)
	if coding := c.Delivery.Compression; coding != config.Uncompressed {
		shown.Set("Content-Encoding", string(coding))
	}
	if c.Authentication.Chosen() {
		shown.Set("Authorization", "")
	}
	if c.Authentication.Type == auth.SigV4 {
		shown.Set("X-Amz-Date", "")
	}
	public := []string{"Content-Type", "Content-Encoding", "User-Agent", "Webhook-Id"}
	for name := range shown {
		if !strings.HasPrefix(name, "Airbyte-") && !slices.Contains(public, name) {
			shown[name] = []string{redact.Stars}
		}
	}
	for _, h := range c.Headers { // a User-Agent of the user's can be a secret as well
		shown.Set(h.Name, redact.Stars)
	}
	for _, s := range c.Streams {
		for _, h := range s.Headers {
			if shown.Get(h.Name) != "" { // as it is in requests of that stream
				shown.Set(h.Name, redact.Stars)
			}
		}
	}
	return shown
}

// finish sets what is known only at the end.
func (v *previewer) finish(policy audience.Policy) {
	p, r := &v.preview, v.stream.Route
	p.Stream, p.SyncMode = r.Title(), r.Mode
	if r.Manifest != nil {
		if address, err := r.Address(r.Manifest, nil, nil); err == nil {
			p.Manifest = v.session.redactor.String(r.Manifest.Method + " " + address)
		}
	}
	rest := p.records - p.Added - p.Changed - p.Removed - p.Upserted - p.Unsent - p.MissingKey - p.Rejected
	a := v.stream.Audience
	if a == nil {
		p.Unsent += rest // sync mode remove, without a snapshot, sends deletions alone
		return
	}
	p.Unchanged, p.Repeated = rest+a.Unseen(), a.Repeated()
	if err := a.Refusal(policy); err != nil {
		p.Refused = err.Error()
	}
	p.Kept = a.Kept()
}
