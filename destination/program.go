// Package destination is the connector: what its commands spec, check, write, preview and schema do
// between the protocol on stdin and stdout and the endpoint.
package destination

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"math"
	"os"
	"path/filepath"
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
		err = errors.Join(checkManifest(ctx, c, network), checkSnapshot(ctx, c, network), checkDeadLetters(ctx, c, network))
	}
	said := append([]string{message}, c.Warnings...)
	if unready := unreadyReport(ctx, c, network); unready != nil && err == nil {
		said = append(said, fmt.Sprintf("the report of a sync could not be written now, which fails no sync: %v", unready))
	}
	return strings.Join(said, "; "), err
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
	s := p.newSession(out)
	defer s.close()
	err := p.runSync(s, configPath, catalogPath, log, run)
	how := outcomeOf(ctx, err)
	switch how {
	case report.Succeeded:
	case report.Interrupted:
		log.Warn("stopped before the end of the input; the states that came out hold, the rest is sent by the next sync")
	case report.Failed:
		message, detail := describe(err)
		_ = out.Failure(failureType(err), message, detail)
	}
	if err := p.leaveReport(s, began, how, err); err != nil {
		log.Warn("the report was not written", "error", err)
	}
	if err := s.endTelemetry(how, err); err != nil {
		log.Warn("telemetry was lost", "error", err)
	}
	return err
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

// runSync opens the session and runs it. After an error the session may have parts that are nil.
func (p *Program) runSync(s *session, configPath, catalogPath string, log *slog.Logger, run func(*session) error) (err error) {
	defer failure.RecoverTo(&err)
	if medium := p.Getenv("DATA_CHANNEL_MEDIUM"); medium != "" && !strings.EqualFold(medium, "STDIO") {
		return fmt.Errorf("DATA_CHANNEL_MEDIUM is %s: this destination reads records from stdin alone, set it to STDIO", medium)
	}
	if err := p.open(s, configPath, catalogPath, log); err != nil {
		return err
	}
	defer boundMemory(s.config)()
	return run(s)
}

// newSession returns a session that open makes ready; close it in any case.
func (p *Program) newSession(out *protocol.Writer) *session {
	return &session{agent: p.agent(), out: out}
}

// open reads config and catalog and makes the session ready to sync.
func (p *Program) open(s *session, configPath, catalogPath string, log *slog.Logger) (err error) {
	s.identity = p.syncIdentity()
	if s.config, s.redactor, err = p.configure(configPath, s.out); err != nil {
		return err
	}
	s.progress = report.NewProgress(log, report.Masked(p.Console, s.redactor.String))
	if s.network, err = p.network(s.config, s.redactor, s.progress.WarnAttempt); err != nil {
		return err
	}
	s.startTelemetry(p.Getenv, p.Version)
	catalog, err := p.readCatalog(catalogPath)
	if err != nil {
		return failure.Config(err)
	}
	if s.table, err = route.NewTable(s.config, catalog, s.agent); err != nil {
		return failure.Config(err)
	}
	return nil
}

// configure reads the config, and makes out mask its secrets.
func (p *Program) configure(path string, out *protocol.Writer) (*config.Config, *redact.Redactor, error) {
	raw, err := p.readFile(path, config.MaxSize+1)
	if err != nil {
		return nil, nil, failure.Config(fmt.Errorf("the config cannot be read: %w", err))
	}
	folder, leave := p.beside(path)
	defer leave()
	c, err := config.ParseIn(folder, p.Spec, raw)
	if err != nil {
		return nil, nil, inFile(path, err)
	}
	redactor := redact.New(c.Secrets()...)
	out.Redact = func(text string) string { return printable.Text(redactor.String(text)) }
	return c, redactor, nil
}

// beside returns the files in the folder of a config, nil if there is no folder. No link leads out
// of it.
func (p *Program) beside(path string) (folder fs.FS, leave func()) {
	if p.ReadFile == nil {
		if root, err := os.OpenRoot(filepath.Dir(path)); err == nil {
			return root.FS(), func() { _ = root.Close() }
		}
	}
	return nil, func() {}
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
