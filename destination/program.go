// Package destination is the connector: what its commands spec, check, write, preview and schema do
// between the protocol on stdin and stdout and the endpoint.
package destination

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"os"
	"strings"
	"time"

	"destination-webhook/destination/config"
	"destination-webhook/destination/delivery"
	"destination-webhook/destination/engine"
	"destination-webhook/destination/failure"
	"destination-webhook/destination/outbound"
	"destination-webhook/destination/printable"
	"destination-webhook/destination/redact"
	"destination-webhook/destination/report"
	"destination-webhook/destination/route"
	"destination-webhook/protocol"
)

// Program is what the commands need of the process they run in.
type Program struct {
	Spec     []byte // spec.json
	Version  string
	Stdin    io.Reader
	Stdout   io.Writer
	Console  report.Console // nil: nobody watches
	Report   string         // the file for the report of a sync; empty: none
	Getenv   func(string) string
	ReadFile func(path string) ([]byte, error) // of config and catalog; nil: os.ReadFile
	// SyncID is what the user calls the sync, "" if nothing: attempts with the same one send the
	// same batches with the same Webhook-Ids.
	SyncID string
}

// readFile reads at most limit bytes of a file.
func (p *Program) readFile(path string, limit int64) ([]byte, error) {
	if p.ReadFile == nil {
		return readFile(path, limit)
	}
	return p.ReadFile(path)
}

// agent is the User-Agent of every request.
func (p *Program) agent() string { return "destination-webhook/" + p.Version }

// writer returns the writer on stdout, which knows no secret yet.
func (p *Program) writer() *protocol.Writer {
	out := protocol.NewWriter(p.Stdout)
	out.Redact = printable.Text
	return out
}

// PrintSpec writes the SPEC message.
func (p *Program) PrintSpec() error { return protocol.NewWriter(p.Stdout).Spec(p.Spec) }

// Check reports in one CONNECTION_STATUS whether a sync with the config could begin. The error is
// non-nil only if the message could not be written.
func (p *Program) Check(ctx context.Context, configPath string) (succeeded bool, err error) {
	out := p.writer()
	message, err := p.check(ctx, configPath, out)
	if err != nil {
		return false, out.Status(false, err.Error())
	}
	return true, out.Status(true, message)
}

func (p *Program) check(ctx context.Context, configPath string, out *protocol.Writer) (message string, err error) {
	defer failure.RecoverTo(&err)
	c, redactor, err := p.configure(configPath, out)
	if err != nil {
		return "", err
	}
	network, err := p.network(c, redactor, nil)
	if err != nil {
		return "", err
	}
	defer network.Close()
	if message, err = checkEndpoint(ctx, c, network, p.agent()); err == nil {
		err = errors.Join(checkSnapshot(ctx, c, network), checkDeadLetters(ctx, c, network))
	}
	return strings.Join(append([]string{message}, c.Warnings...), "; "), err
}

// Write delivers the records on stdin. An error has been reported in a TRACE message, unless it is
// the end of ctx: then it is the context's cause.
func (p *Program) Write(ctx context.Context, configPath, catalogPath string) error {
	return untilAbandoned(ctx, func() error {
		return p.sync(ctx, configPath, catalogPath, func(s *session) error {
			return s.write(ctx, func(context.Context, []*engine.Stream) (io.Reader, error) { return p.Stdin, nil })
		})
	})
}

// sync runs a sync and reports how it ended.
func (p *Program) sync(ctx context.Context, configPath, catalogPath string, run func(*session) error) error {
	out := p.writer()
	log := slog.New(protocol.NewLogHandler(out, protocol.ParseLevel(p.Getenv("LOG_LEVEL"))))
	began := time.Now()
	done, err := p.runSync(configPath, catalogPath, out, log, run)
	how := outcomeOf(ctx, err)
	switch how {
	case report.Succeeded:
	case report.Interrupted:
		log.Warn("stopped before the end of the input; the states that came out hold, the rest is sent by the next sync")
	case report.Failed:
		message, detail := describe(err)
		_ = out.Failure(failureType(err), message, detail)
	}
	if p.Report != "" {
		if err := p.report(done, began, how, err, out.Redact).Write(p.Report); err != nil {
			log.Warn("the report was not written", "error", err)
		}
	}
	return err
}

// report returns the report of a sync that ended with err.
func (p *Program) report(s *report.Summary, began time.Time, how report.Outcome, err error, redact func(string) string) *report.File {
	f := report.NewFile(s, redact)
	f.Program, f.Job, f.Attempt = p.agent(), p.Getenv("WORKER_JOB_ID"), p.Getenv("WORKER_JOB_ATTEMPT")
	f.Outcome, f.BeganAt, f.EndedAt = how, began.UTC(), time.Now().UTC()
	if how == report.Failed {
		message, _ := describe(err)
		f.Failure = &report.Failure{Type: failureType(err), Message: redact(message)}
	}
	return f
}

// outcomeOf returns how a sync ended. ctx ends with a signal.
func outcomeOf(ctx context.Context, err error) report.Outcome {
	switch {
	case err == nil:
		return report.Succeeded
	case ctx.Err() != nil && errors.Is(err, context.Cause(ctx)):
		return report.Interrupted
	}
	return report.Failed
}

// describe returns what the user reads of an error and, if there is more, the detail.
func describe(err error) (message, detail string) {
	message = err.Error()
	if crash := (*failure.Panic)(nil); errors.As(err, &crash) {
		detail = message
		message, _, _ = strings.Cut(message, "\n") // the stack follows
	}
	return message, detail
}

// runSync returns what the sync has done, nil if it did not get as far as its streams.
func (p *Program) runSync(configPath, catalogPath string, out *protocol.Writer, log *slog.Logger, run func(*session) error) (done *report.Summary, err error) {
	defer failure.RecoverTo(&err)
	if medium := p.Getenv("DATA_CHANNEL_MEDIUM"); medium != "" && !strings.EqualFold(medium, "STDIO") {
		return nil, fmt.Errorf("DATA_CHANNEL_MEDIUM is %s: this destination reads records from stdin alone, set it to STDIO", medium)
	}
	s, err := p.session(configPath, catalogPath, out, log)
	if err != nil {
		return nil, err
	}
	defer func() { done = s.progress.Summary() }()
	defer s.network.Close()
	defer boundMemory(s.config)()
	return nil, run(s)
}

// session reads config and catalog and makes ready to sync.
func (p *Program) session(configPath, catalogPath string, out *protocol.Writer, log *slog.Logger) (*session, error) {
	c, redactor, err := p.configure(configPath, out)
	if err != nil {
		return nil, err
	}
	progress := report.NewProgress(log, report.Masked(p.Console, redactor.String))
	network, err := p.network(c, redactor, progress.WarnAttempt)
	if err != nil {
		return nil, err
	}
	catalog, err := p.readCatalog(catalogPath)
	if err != nil {
		return nil, failure.Config(err)
	}
	table, err := route.NewTable(c, catalog, p.agent())
	if err != nil {
		return nil, failure.Config(err)
	}
	return &session{config: c, table: table, network: network, redactor: redactor, agent: p.agent(), identity: p.syncIdentity(), out: out, progress: progress}, nil
}

// configure reads the config, and makes out mask its secrets.
func (p *Program) configure(path string, out *protocol.Writer) (*config.Config, *redact.Redactor, error) {
	raw, err := p.readFile(path, config.MaxSize+1)
	if err != nil {
		return nil, nil, failure.Config(fmt.Errorf("the config cannot be read: %w", err))
	}
	c, err := config.Parse(p.Spec, raw)
	if err != nil {
		return nil, nil, inFile(path, err)
	}
	redactor := redact.New(c.Secrets()...)
	out.Redact = func(text string) string { return printable.Text(redactor.String(text)) }
	return c, redactor, nil
}

// network builds the ways out that the config asks for. onAttempt is told of every attempt; nil:
// nobody is.
func (p *Program) network(c *config.Config, redactor *redact.Redactor, onAttempt func(delivery.Attempt)) (*outbound.Network, error) {
	n, err := outbound.New(outbound.Options{Config: c, Getenv: p.Getenv, Redactor: redactor, OnAttempt: onAttempt})
	if err != nil {
		return nil, failure.Config(err)
	}
	return n, nil
}

// inFile names the file whose text as a whole is no config.
func inFile(path string, err error) error {
	if invalid := (*config.Error)(nil); errors.As(err, &invalid) && invalid.Unreadable && Showable(path) {
		return fmt.Errorf("%s: %w", printable.Line(path, maxArgument), err)
	}
	return err
}

func (p *Program) readCatalog(path string) (*protocol.Catalog, error) {
	raw, err := p.readFile(path, math.MaxInt64)
	if err != nil {
		return nil, fmt.Errorf("the catalog cannot be read: %w", err)
	}
	catalog, err := protocol.ParseCatalog(raw)
	if err != nil {
		return nil, fmt.Errorf("--catalog %s: %w", printable.Line(path, maxArgument), err)
	}
	return catalog, nil
}

// maxArgument is the longest argument that a message shows.
const maxArgument = 100

// Showable reports whether a message may show an argument of the command line. It may not if the
// argument could be a config, with its secrets.
func Showable(argument string) bool {
	return len(argument) <= maxArgument && !strings.Contains(argument, "{")
}

// readFile reads at most limit bytes of a file that an argument names. The error shows the path
// only if it looks like one.
func readFile(path string, limit int64) ([]byte, error) {
	raw, err := readAtMost(path, limit)
	failed := (*os.PathError)(nil)
	if !errors.As(err, &failed) {
		return raw, err
	}
	if !Showable(path) {
		return nil, fmt.Errorf("name a file, not its content: %w", failed.Err)
	}
	return nil, fmt.Errorf("%s: %w", printable.Line(path, maxArgument), failed.Err)
}

func readAtMost(path string, limit int64) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	return io.ReadAll(io.LimitReader(file, limit))
}
