package report

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"destination-webhook/destination/audience"
	"destination-webhook/destination/engine"
	"destination-webhook/destination/folder"
	"destination-webhook/destination/manifest"
	"destination-webhook/destination/sender"
	"destination-webhook/protocol"
)

// fileVersion is raised by every change that a reader of reports could trip over.
const fileVersion = 1

// File is what a sync leaves for programs; docs/report.schema.json describes it.
type File struct {
	Version int     `json:"report_version"`
	Program string  `json:"program"` // its name and version
	Job     string  `json:"job_id,omitzero"`
	Attempt string  `json:"attempt,omitzero"`
	Trace   string  `json:"trace_id,omitzero"` // of the requests
	Outcome Outcome `json:"outcome"`

	BeganAt time.Time `json:"began_at"`
	EndedAt time.Time `json:"ended_at"`
	Failure *Failure  `json:"failure,omitzero"`

	Endpoint    string   `json:"endpoint,omitzero"`
	DeadLetters string   `json:"dead_letters,omitzero"` // where rejected rows are
	Streams     []Stream `json:"streams"`
	Totals      Counts   `json:"totals"`
	// Nil: no rejected row is tried again.
	Retried      *Retried         `json:"rejected_rows_retried,omitzero"`
	Statuses     map[string]int64 `json:"requests_by_status"`
	Causes       map[string]int64 `json:"retries_by_cause"`
	Waits        Waits            `json:"waited_seconds"`
	Load         []Load           `json:"load"` // at moments of the sync
	States       int64            `json:"states"`
	FirstStateAt time.Time        `json:"first_state_at,omitzero"`
	LastStateAt  time.Time        `json:"last_state_at,omitzero"`
}

// Outcome is how a sync ended.
type Outcome string

// The outcomes of a sync.
const (
	Succeeded   Outcome = "succeeded"
	Failed      Outcome = "failed"
	Interrupted Outcome = "interrupted" // by a signal
)

// Failure is the error that a sync failed with.
type Failure struct {
	Type    protocol.FailureType `json:"type"`
	Message string               `json:"message"`
}

// Stream is what a sync has done of one stream.
type Stream struct {
	Stream string `json:"stream"`
	Mode   string `json:"sync_mode"`
	SyncID int64  `json:"sync_id,omitzero"` // of the catalog
	// Compared is what the rows were found to be; nil if the stream has no snapshot.
	Compared *audience.Found `json:"compared,omitzero"`
	Manifest *Manifest       `json:"manifest,omitzero"` // nil: none was due
	Counts
}

// Counts are those of one stream, or of all together.
type Counts struct {
	Read    int64 `json:"rows_read"`    // records of the source
	Left    int64 `json:"rows_left"`    // rows that left the source
	Retried int64 `json:"rows_retried"` // rows that earlier syncs rejected
	// What became of them.
	Delivered   int64         `json:"rows_delivered"`
	DeliveredBy manifest.Rows `json:"rows_delivered_by_operation"`
	Rejected    int64         `json:"rows_rejected"`
	RejectedBy  manifest.Rows `json:"rows_rejected_by_operation"`
	Again       int64         `json:"rows_rejected_again"` // retried rows
	Skipped     int64         `json:"rows_skipped"`
	SkippedBy   AllRows       `json:"rows_skipped_by_operation"`
	Replaced    int64         `json:"rows_replaced"`
	Waiting     int64         `json:"rows_waiting"` // not settled
	WaitingBy   AllRows       `json:"rows_waiting_by_operation"`

	Batches  int64   `json:"batches"`
	Requests int64   `json:"requests"`
	Retries  int64   `json:"retries"`
	Bytes    int64   `json:"bytes"`      // of bodies, uncompressed
	Sent     int64   `json:"bytes_sent"` // of the bodies of all requests, as they were sent
	Latency  Latency `json:"latency_seconds"`
}

// AllRows are numbers of rows, sent or not, by their operations.
type AllRows struct {
	manifest.Rows
	Unchanged int64 `json:"unchanged"`
}

// Latency is how long the endpoint took for what it accepted.
type Latency struct {
	P50 float64 `json:"p50"`
	P95 float64 `json:"p95"`
	Max float64 `json:"max"`
	// Buckets is how many took up to this many seconds, and longer than the bucket before.
	Buckets []Bucket `json:"buckets"`
}

// Bucket is one of a histogram.
type Bucket struct {
	UpTo  float64 `json:"up_to,omitzero"` // absent for the last one, which has no bound
	Count int64   `json:"count"`
}

// NewFile returns the report of a sync with the counts of its summary, which is nil if the sync did
// not get as far as its streams. redact masks secrets.
func NewFile(s *Summary, redact func(string) string) *File {
	f := &File{Version: fileVersion, Streams: []Stream{}, Statuses: map[string]int64{}, Causes: map[string]int64{}, Load: []Load{}}
	f.Totals.Latency.Buckets = []Bucket{}
	if s == nil {
		return f
	}
	f.Endpoint, f.DeadLetters, f.States, f.Statuses = s.endpoint, redact(s.deadLetters), s.states, s.statuses
	f.Causes, f.Waits, f.Load = s.causes, s.waits, append(f.Load, s.loads...)
	if s.states > 0 {
		f.FirstStateAt, f.LastStateAt = s.firstState.UTC(), s.lastState.UTC()
	}
	for i := range s.streams {
		t := &s.streams[i]
		f.Streams = append(f.Streams, Stream{redact(t.name), t.mode, t.syncID, t.compared, t.manifest, fileCounts(t.streamStats, t.begun)})
	}
	f.Totals, f.Retried = fileCounts(&s.total, &s.begun), s.retried
	return f
}

// fileCounts returns what became of the rows that a sync came to.
func fileCounts(t *streamStats, begun *engine.Counts) Counts {
	skipped := skipped(t, begun)
	waiting := begun.Begun.Minus(begun.Skipped).Minus(t.settled)
	return Counts{
		Read: begun.Read, Left: begun.Unseen, Retried: begun.Retried,
		Delivered: t.rows(), DeliveredBy: sender.Rows(t.delivered), Rejected: t.rejected.Sum(), RejectedBy: sender.Rows(t.rejected),
		Again: t.repeated.Sum(), Skipped: skipped.Sum(), SkippedBy: allRows(skipped), Replaced: t.replaced,
		Waiting: waiting.Sum(), WaitingBy: allRows(waiting),
		Batches: t.batches, Requests: t.requests, Retries: t.retries, Bytes: t.bytes, Sent: t.sent,
		Latency: Latency{t.latency.quantile(0.5).Seconds(), t.latency.quantile(0.95).Seconds(), t.latency.max.Seconds(), t.latency.buckets()},
	}
}

// skipped returns the rows that were not sent.
func skipped(t *streamStats, begun *engine.Counts) protocol.RowCounts {
	all := begun.Skipped
	all.Add(t.suppressed)
	return all
}

func allRows(c protocol.RowCounts) AllRows { return AllRows{sender.Rows(c), c[protocol.Unchanged]} }

// Encode returns the report as text.
func (f *File) Encode() ([]byte, error) {
	text, err := json.Marshal(f, jsontext.WithIndent("  "), jsontext.EscapeForHTML(false), jsontext.AllowInvalidUTF8(true))
	if err != nil {
		return nil, fmt.Errorf("encoding the report: %w", err)
	}
	return append(text, '\n'), nil
}

// CheckFile refuses a path at which another user of the machine could have the report written
// elsewhere: the folders on the way to it are ours or root's, and so is what is there already.
func CheckFile(path string) error {
	if err := folder.CheckParents(path); err != nil {
		return fmt.Errorf("the folder of the report is not safe: %w", err)
	}
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s is no file: name another path for the report", path)
	}
	return folder.Owned(info)
}

// WriteFile puts a report into a file, whole or not at all: what reads the file while a sync ends
// finds the report of the last one, or this one.
func WriteFile(path string, text []byte) (err error) {
	if err := CheckFile(path); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	file, err := os.CreateTemp(filepath.Dir(path), ".report-") // for its owner alone
	if err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	_, err = file.Write(text)
	if err = errors.Join(err, file.Close()); err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		_ = os.Remove(file.Name())
		return fmt.Errorf("writing the report: %w", err)
	}
	return nil
}
