package destination

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"destination-webhook/batching"
	"destination-webhook/protocol"
)

// maxPreviewRows is how many rows of the first envelope a preview shows.
const maxPreviewRows = 3

// StreamPreview is what a sync would do to one stream. Counts are rows.
type StreamPreview struct {
	Stream     string         `json:"stream"`
	SyncMode   Mode           `json:"sync_mode"`
	Added      int            `json:"added"`
	Changed    int            `json:"changed"`
	Removed    int            `json:"removed"`
	Upserted   int            `json:"upserted"` // not known to be added or changed: there is no snapshot
	Unchanged  int            `json:"unchanged"`
	Unsent     int            `json:"unsent"` // of a kind that the sync mode does not send
	MissingKey int            `json:"missing_primary_key"`
	Refused    string         `json:"refused,omitzero"` // why the sync would stop before it removes rows
	Request    string         `json:"request,omitzero"` // method and URL of the first batch, redacted
	Header     http.Header    `json:"header,omitzero"`  // of the first batch, redacted
	Envelope   jsontext.Value `json:"envelope,omitzero"`

	records int
}

// previewer stands where a sync has its sender: it counts rows and sends none.
type previewer struct {
	mu      sync.Mutex
	network *network
	routes  []*route
	streams []StreamPreview
}

// preview reads the input as a sync would, on a copy of the snapshot, and tells what would be sent.
func (s *session) preview(ctx context.Context, in io.Reader) ([]StreamPreview, error) {
	v := &previewer{network: s.network, routes: s.routes.all, streams: make([]StreamPreview, len(s.routes.all))}
	lenient := *s.config // so that every row is counted
	lenient.OnRejectedRows, lenient.AllowMassRemoval = deadLetter, true
	r := newRun(ctx, &lenient, s.catalog, s.routes, v.send, s.out, s.progress)
	r.seen = func(stream int) { v.streams[stream].records++ }
	err := r.sync(ctx, in, s.network.client(s.config, s.network.authorized))
	s.progress.ticker.Stop()
	for i := range v.streams {
		v.finish(i, s.config)
	}
	return v.streams, err
}

// send is a batching.Send that counts.
func (v *previewer) send(ctx context.Context, b *batching.Batch) batching.Outcome {
	route := v.routes[b.Stream.Index]
	rejected := v.count(b)
	if route.audience == nil {
		return batching.Outcome{Rejected: rejected}
	}
	confirm, err := route.audience.begin(ctx, b)
	if err == nil {
		err = confirm.settle(rejected, b.Silent())
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
		_, silent := slices.BinarySearch(b.Silent(), i)
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
	p.Envelope = b.AppendBody(nil, sent[:min(len(sent), maxPreviewRows)])
	request := request(r, b.Body)
	p.Request = v.network.redactor.String(r.method + " " + r.url)
	p.Header = request.Header
	for name, values := range p.Header {
		public := strings.HasPrefix(name, "Airbyte-") || slices.Contains([]string{"Content-Type", "User-Agent", "Webhook-Id"}, name)
		if !public {
			p.Header[name] = []string{strings.Repeat("*", min(1, len(values))*8)}
		}
	}
}

// finish sets what is known only at the end.
func (v *previewer) finish(i int, c *Config) {
	p, r := &v.streams[i], v.routes[i]
	p.Stream, p.SyncMode = r.title(), r.mode
	rest := p.records - p.Added - p.Changed - p.Removed - p.Upserted - p.Unsent - p.MissingKey
	a := r.audience
	if a == nil {
		p.Unsent += rest // sync mode remove, without a snapshot, sends deletions alone
		return
	}
	p.Unchanged = rest + a.refresh.left
	if err := a.guard(c, r.title()); err != nil {
		p.Refused = err.Error()
	}
}

// Preview says on stdout what a sync of the records on stdin would send, and sends nothing.
func (p *Program) Preview(ctx context.Context, configPath, catalogPath string, asJSON bool) error {
	out := protocol.NewWriter(io.Discard)
	streams, err := p.look(ctx, configPath, catalogPath, out)
	if err != nil {
		return redacted(err, out.Redact)
	}
	if asJSON {
		return json.MarshalWrite(p.Stdout, map[string]any{"streams": streams}, jsontext.AllowInvalidUTF8(true), jsontext.AllowDuplicateNames(true), jsontext.WithIndent("  "), jsontext.EscapeForHTML(false))
	}
	for i := range streams {
		if err := streams[i].print(p.Stdout); err != nil {
			return err
		}
	}
	return nil
}

func (p *Program) look(ctx context.Context, configPath, catalogPath string, out *protocol.Writer) (streams []StreamPreview, err error) {
	defer caught(&err)
	s, err := p.session(configPath, catalogPath, out, slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, err
	}
	defer s.network.close()
	return s.look(ctx, p.Stdin)
}

func (p *StreamPreview) print(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "stream %s, sync mode %s: %d added, %d changed, %d removed, %d upserted, %d unchanged, %d not sent, %d without a primary key\n",
		p.Stream, p.SyncMode, p.Added, p.Changed, p.Removed, p.Upserted, p.Unchanged, p.Unsent, p.MissingKey)
	if p.Refused != "" {
		fmt.Fprintf(&b, "  the sync would stop: %s\n", p.Refused)
	}
	if p.Envelope != nil {
		fmt.Fprintf(&b, "\n  %s\n", p.Request)
		for _, name := range slices.Sorted(maps.Keys(p.Header)) {
			fmt.Fprintf(&b, "  %s: %s\n", name, strings.Join(p.Header[name], ", "))
		}
		pretty := p.Envelope.Clone()
		if pretty.Indent(jsontext.WithIndentPrefix("  "), jsontext.WithIndent("  "), jsontext.AllowDuplicateNames(true)) != nil {
			pretty = p.Envelope
		}
		fmt.Fprintf(&b, "\n  %s\n", pretty)
	}
	_, err := io.WriteString(w, b.String()+"\n")
	return err
}
