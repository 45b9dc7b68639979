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

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"destination-webhook/destination/config"
	"destination-webhook/destination/failure"
	"destination-webhook/destination/payload"
	"destination-webhook/destination/printable"
	"destination-webhook/protocol"
)

// StreamPreview is what a sync would do to one stream. Counts are rows.
type StreamPreview struct {
	Stream   string          `json:"stream"`
	SyncMode config.SyncMode `json:"sync_mode"`
	Added    int             `json:"added"`
	Changed  int             `json:"changed"`
	Removed  int             `json:"removed"`
	// Not known to be added or changed: there is no snapshot.
	Upserted  int `json:"upserted"`
	Unchanged int `json:"unchanged"`
	// Of a kind that the sync mode does not send, or replaced by batching.compact.
	Unsent     int `json:"unsent"`
	MissingKey int `json:"missing_primary_key"`
	Repeated   int `json:"repeated_primary_key"` // counted above as well
	// Why the sync would stop before it removes rows.
	Refused string `json:"refused,omitzero"`
	// Why it would not look for rows that left.
	Kept string `json:"kept,omitzero"`
	// Method and URL of the first batch, redacted.
	Request string      `json:"request,omitzero"`
	Header  http.Header `json:"header,omitzero"` // of the first batch, redacted
	// Rows of the first batch; the envelope shows the first three.
	BatchRows int            `json:"batch_rows,omitzero"`
	Envelope  jsontext.Value `json:"envelope,omitzero"`
	// Method and URL of the first rows of each operation, if they differ, redacted.
	Routes []string `json:"routes,omitzero"`
	// Rows that no URL can be made for; they are counted above as well.
	NoURL      int    `json:"no_url,omitzero"`
	NoURLCause string `json:"no_url_cause,omitzero"` // of the first of them
	// Of the first batch, its first three rows, in any other format.
	Body string `json:"body,omitzero"`
	// The first three, unless the envelope shows them as they came.
	Rows      []PreviewRow `json:"rows,omitzero"`
	Rejected  int          `json:"rejected,omitzero"`        // before they are sent
	Rejection string       `json:"first_rejection,omitzero"` // why
	// Method and URL of the stream's manifest, redacted.
	Manifest string `json:"manifest,omitzero"`

	records int
}

// PreviewRow is a record, and what is sent of it.
type PreviewRow struct {
	Record jsontext.Value `json:"record"`
	Row    string         `json:"row"`
}

// Preview prints on stdout what a sync of the records on stdin would send, and sends nothing.
func (p *Program) Preview(ctx context.Context, configPath, catalogPath string, asJSON bool) error {
	out := protocol.NewWriter(io.Discard)
	streams, err := p.preview(ctx, configPath, catalogPath, out)
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

func (p *Program) preview(ctx context.Context, configPath, catalogPath string, out *protocol.Writer) (streams []StreamPreview, err error) {
	defer failure.RecoverTo(&err)
	s := p.newSession(out)
	defer s.close()
	if err := p.open(s, configPath, catalogPath, slog.New(slog.DiscardHandler)); err != nil {
		return nil, err
	}
	return s.preview(ctx, p.Stdin)
}

// redacted returns err with its text masked; redact is nil as long as no secret is known.
func redacted(err error, redact func(string) string) error {
	if redact == nil || err == nil {
		return err
	}
	return &masked{redact(err.Error()), err}
}

type masked struct {
	text string
	err  error
}

func (m *masked) Error() string { return m.text }
func (m *masked) Unwrap() error { return m.err }

// add counts a row that would be sent.
func (p *StreamPreview) add(operation payload.Operation) {
	switch operation {
	case payload.Upserted:
		p.Upserted++
	case payload.Added:
		p.Added++
	case payload.Changed:
		p.Changed++
	default:
		p.Removed++
	}
}

func (p *StreamPreview) print(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "stream %s, sync mode %s: %d added, %d changed, %d removed, %d upserted, %d unchanged, %d not sent, %d without a primary key\n",
		p.Stream, p.SyncMode, p.Added, p.Changed, p.Removed, p.Upserted, p.Unchanged, p.Unsent, p.MissingKey)
	if p.Repeated > 0 {
		fmt.Fprintf(&b, "  %d of them have a primary key that came before: the last one counts\n", p.Repeated)
	}
	if p.Refused != "" {
		fmt.Fprintf(&b, "  the sync would stop: %s\n", p.Refused)
	}
	if p.Kept != "" {
		fmt.Fprintf(&b, "  rows that left would not be removed: %s\n", p.Kept)
	}
	if p.NoURL > 0 {
		fmt.Fprintf(&b, "  %d would be rejected, the first because %s\n", p.NoURL, p.NoURLCause)
	}
	if p.Rejected > 0 {
		fmt.Fprintf(&b, "  %d rows would be rejected before they are sent; the first: %s\n", p.Rejected, p.Rejection)
	}
	for _, row := range p.Rows {
		fmt.Fprintf(&b, "\n  record %s\n  row    %s\n", row.Record, strings.ReplaceAll(row.Row, "\n", "\n         "))
	}
	p.printRequest(&b)
	if len(p.Routes) > 0 {
		fmt.Fprintf(&b, "\n  the first rows of each operation:\n  %s\n", strings.Join(p.Routes, "\n  "))
	}
	if p.Manifest != "" {
		fmt.Fprintf(&b, "\n  a manifest at the end of the stream:\n  %s\n", p.Manifest)
	}
	_, err := io.WriteString(w, printable.Text(b.String())+"\n")
	return err
}

// printRequest writes the first request, if there is one.
func (p *StreamPreview) printRequest(b *strings.Builder) {
	if p.Request == "" {
		return
	}
	fmt.Fprintf(b, "\n  %s\n", p.Request)
	for _, name := range slices.Sorted(maps.Keys(p.Header)) {
		fmt.Fprintf(b, "  %s: %s\n", name, strings.Join(p.Header[name], ", "))
	}
	if p.Envelope == nil && p.Body == "" {
		return // a request without a body
	}
	pretty := p.Envelope.Clone()
	if p.Envelope == nil {
		pretty = jsontext.Value(strings.ReplaceAll(p.Body, "\n", "\n  "))
	} else if pretty.Indent(jsontext.WithIndentPrefix("  "), jsontext.WithIndent("  "), jsontext.AllowDuplicateNames(true)) != nil {
		pretty = p.Envelope
	}
	fmt.Fprintf(b, "\n  %s\n", pretty)
	if p.BatchRows > maxPreviewRows {
		fmt.Fprintf(b, "  … %d rows in all\n", p.BatchRows)
	}
}
