package destination

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"destination-webhook/destination/deadletter"
	"destination-webhook/destination/failure"
	"destination-webhook/destination/printable"
	"destination-webhook/destination/replay"
	"destination-webhook/destination/route"
	"destination-webhook/protocol"
)

// DeadLetterGroup counts the dead letters of a stream that were rejected for one reason.
type DeadLetterGroup struct {
	Stream string    `json:"stream"`
	Status int       `json:"status"` // of the answer; 0 if the rows were not sent
	Reason string    `json:"reason"`
	Rows   int       `json:"rows"`
	First  time.Time `json:"first"`
	Last   time.Time `json:"last"`
}

// ListDeadLetters prints how many dead letters there are by stream, status and reason, of those
// that f selects.
func (p *Program) ListDeadLetters(ctx context.Context, configPath string, f replay.Filter, asJSON bool) error {
	groups := make(deadLetterGroups)
	err := p.eachDeadLetter(ctx, configPath, f, func(l letter) error {
		groups.add(l)
		return nil
	})
	if err != nil {
		return err
	}
	sorted := slices.SortedFunc(maps.Values(groups), func(a, b *DeadLetterGroup) int {
		return cmp.Or(cmp.Compare(a.Stream, b.Stream), cmp.Compare(b.Rows, a.Rows), cmp.Compare(a.Reason, b.Reason))
	})
	if asJSON {
		return json.MarshalWrite(p.Stdout, map[string]any{"dead_letters": sorted}, jsontext.WithIndent("  "), jsontext.EscapeForHTML(false))
	}
	return printGroups(p.Stdout, sorted)
}

// deadLetterGroups has groups by what they have in common; the counts and times of the key are
// zero.
type deadLetterGroups map[DeadLetterGroup]*DeadLetterGroup

func (groups deadLetterGroups) add(l letter) {
	r := &l.Rejection
	kind := DeadLetterGroup{Stream: route.Title(l.Stream), Status: r.Status, Reason: l.redact(r.Reason)}
	g := groups[kind]
	if g == nil {
		g = &DeadLetterGroup{Stream: kind.Stream, Status: kind.Status, Reason: kind.Reason, First: r.At, Last: r.At}
		groups[kind] = g
	}
	g.Rows++
	if r.At.Before(g.First) {
		g.First = r.At
	}
	if r.At.After(g.Last) {
		g.Last = r.At
	}
}

// maxReason bounds what a table shows of a reason, in bytes.
const maxReason = 200

func printGroups(w io.Writer, groups []*DeadLetterGroup) error {
	if len(groups) == 0 {
		_, err := fmt.Fprintln(w, "no dead letters")
		return err
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(t, "STREAM\tSTATUS\tROWS\tFIRST\tLAST\tREASON") // Flush returns the error
	for _, g := range groups {
		_, _ = fmt.Fprintf(t, "%s\t%s\t%d\t%s\t%s\t%s\n", g.Stream, statusText(g.Status), g.Rows,
			g.First.UTC().Format(time.RFC3339), g.Last.UTC().Format(time.RFC3339), printable.Line(g.Reason, maxReason))
	}
	return t.Flush()
}

func statusText(status int) string {
	if status == 0 {
		return "not sent"
	}
	return fmt.Sprint(status)
}

// errEnough ends the reading of dead letters.
var errEnough = errors.New("enough were read")

// ShowDeadLetters prints up to limit of the dead letters that f selects, the oldest first, or their
// lines as they are stored. With a limit of 0 it prints all of them.
func (p *Program) ShowDeadLetters(ctx context.Context, configPath string, f replay.Filter, limit int, asJSON bool) error {
	n := 0
	err := p.eachDeadLetter(ctx, configPath, f, func(l letter) error {
		if n++; limit > 0 && n > limit {
			return errEnough
		}
		text := string(l.line)
		if !asJSON {
			text = l.String()
		}
		_, err := fmt.Fprintln(p.Stdout, text)
		return err
	})
	if errors.Is(err, errEnough) {
		err = nil
	}
	if err == nil && n == 0 && !asJSON {
		_, err = fmt.Fprintln(p.Stdout, "no dead letters")
	}
	return err
}

// letter is a dead letter that is read.
type letter struct {
	*deadletter.Stored
	line   []byte
	redact func(string) string
}

func (l letter) String() string {
	r := &l.Rejection
	return fmt.Sprintf("%s  %s  %s  %s\n  %s", r.At.UTC().Format(time.RFC3339), route.Title(l.Stream), statusText(r.Status),
		printable.Line(l.redact(r.Reason), maxReason), printable.Text(l.redact(string(l.Data))))
}

// eachDeadLetter calls f with each dead letter that a filter selects, until it returns an error. A
// letter is valid during the call.
func (p *Program) eachDeadLetter(ctx context.Context, configPath string, filter replay.Filter, f func(letter) error) (err error) {
	defer failure.RecoverTo(&err)
	out := protocol.NewWriter(io.Discard)
	archive, closed, err := p.archive(configPath, out)
	if err != nil {
		return redacted(err, out.Redact)
	}
	defer closed()
	ledger, err := replay.ReadLedger(ctx, archive)
	if err != nil {
		return redacted(err, out.Redact)
	}
	for _, name := range ledger.Names() {
		if err == nil {
			n := -1
			err = archive.Read(ctx, name, func(line []byte) error {
				n++
				// Replay counts the other lines.
				if l, err := deadletter.Parse(line); err == nil && filter.Selects(l) && !ledger.Done(name, n) {
					return f(letter{l, line, out.Redact})
				}
				return nil
			})
		}
		if errors.Is(err, deadletter.ErrInUse) {
			err = nil
		}
	}
	return redacted(err, out.Redact)
}

// archive opens the place of the dead letters, to read from it.
func (p *Program) archive(configPath string, out *protocol.Writer) (archive deadletter.Archive, closed func(), err error) {
	c, redactor, err := p.configure(configPath, out)
	if err != nil {
		return nil, nil, err
	}
	network, err := p.network(c, redactor, nil)
	if err != nil {
		return nil, nil, err
	}
	archive, err = openArchive(c, network)
	if err != nil {
		network.Close()
		return nil, nil, err
	}
	return archive, func() { _ = archive.Close(); network.Close() }, nil
}
