package batching

import (
	"iter"
	"slices"

	"destination-webhook/protocol"
)

// Row is what a batch is made of: Open, Data and Close are copied one after the other into the
// batch's body.
type Row struct {
	Open, Data, Close []byte

	// Metadata is kept beside the row and not sent: the version that a snapshot compares, the retry
	// of an earlier sync, and what a dead letter needs. Its codec is payload's.
	Metadata []byte

	// Key is the hash of the row's primary key, see Stream.Keyed; 0 if it has none.
	Key uint64

	// Operation is what the row is counted as.
	Operation protocol.Operation

	// Line is the line of the input that the row came from; 0: nobody needs it.
	Line int64

	// Suppressed is set if the row is not to be sent. It is settled in its place among the others.
	Suppressed bool
}

func (r *Row) size() int { return len(r.Open) + len(r.Data) + len(r.Close) }

// Stream is where the rows of one stream are collected. It is made by Pipeline.Stream.
type Stream struct {
	Index int // in the order they were made
	Frame Frame
	Keyed bool // rows of equal Key keep their order

	// MaxRows is the limit of the stream's batches, if it is lower than that of the pipeline; 0: it
	// is not. It is set before the first row.
	MaxRows int

	one     limits // of a batch, since its first row
	open    openRows
	place   int // among the streams with open rows
	scope   *scope
	order   keyOrder
	records int64              // since the last state of the stream
	skipped protocol.RowCounts // of them
}

// Frame is what surrounds the rows of a batch.
type Frame struct{ Prefix, Separator, Suffix string }

// Batch is a closed batch on its way to the endpoint.
type Batch struct {
	Stream *Stream
	Body   []byte // the frame and all rows

	ends         []int32 // of each row, in Body
	metadata     []byte
	metadataEnds []int32
	keys         []uint64
	operations   []protocol.Operation
	suppressed   []int
	lines        lines
	set          map[int][]byte // rows that SetRow has changed; nil if there is none

	held    int // bytes of memory, when they were last counted
	runs    []segmentRun
	scope   *scope   // since it is closed
	segment *segment // since it is closed

	number int64 // among the closed ones

	// Of a closed batch, see keyOrder.
	blockers  int
	followers []*Batch
}

// segmentRun is a run of rows with no state between them. A state changes no batch: the next row
// begins a new run.
type segmentRun struct {
	row    int32 // its first
	states int64 // how many states its scope had seen
}

// Rows is the number of rows.
func (b *Batch) Rows() int { return len(b.ends) }

// Row returns row i as it is in the body.
func (b *Batch) Row(i int) []byte {
	if b.set != nil {
		if row, found := b.set[i]; found {
			return row
		}
	}
	start := len(b.Stream.Frame.Prefix)
	if i > 0 {
		start = int(b.ends[i-1]) + len(b.Stream.Frame.Separator)
	}
	return b.Body[start:b.ends[i]]
}

// SetRow puts other bytes in the place of row i, for all but Body. It is for the Send function, as
// long as the batch is its own.
func (b *Batch) SetRow(i int, row []byte) {
	if b.set == nil {
		b.set = make(map[int][]byte)
	}
	b.set[i] = row
}

// Metadata is the metadata of row i; nil if rows have none.
func (b *Batch) Metadata(i int) []byte {
	if len(b.metadataEnds) == 0 {
		return nil
	}
	start := 0
	if i > 0 {
		start = int(b.metadataEnds[i-1])
	}
	return b.metadata[start:b.metadataEnds[i]]
}

// Key is the hash of row i's primary key; 0 if it has none, or the stream is not keyed.
func (b *Batch) Key(i int) uint64 {
	if !b.Stream.Keyed {
		return 0
	}
	return b.keys[i]
}

// Operation is what row i is counted as; SetRow does not change it.
func (b *Batch) Operation(i int) protocol.Operation { return b.operations[i] }

// Operations returns what all rows are counted as, see Operation. Mostly many rows in a row have the
// same one, and are counted together.
func (b *Batch) Operations() (counts protocol.RowCounts) {
	for first := 0; first < len(b.operations); {
		o, next := b.operations[first], first+1
		for next < len(b.operations) && b.operations[next] == o {
			next++
		}
		counts[o] += int64(next - first)
		first = next
	}
	return counts
}

// HasMetadata reports whether a row has metadata.
func (b *Batch) HasMetadata() bool { return len(b.metadata) > 0 }

// HasSet reports whether SetRow has changed a row.
func (b *Batch) HasSet() bool { return len(b.set) > 0 }

// IsSet reports whether SetRow has changed row i.
func (b *Batch) IsSet(i int) bool {
	_, set := b.set[i]
	return set
}

// Suppressed are the rows, in order, that are not to be sent.
func (b *Batch) Suppressed() []int { return b.suppressed }

// AppendBody appends a body that holds some of the rows in the batch's frame.
func (b *Batch) AppendBody(dst []byte, rows []int) []byte {
	frame := &b.Stream.Frame
	dst = append(dst, frame.Prefix...)
	for n, i := range rows {
		if n > 0 {
			dst = append(dst, frame.Separator...)
		}
		dst = append(dst, b.Row(i)...)
	}
	return append(dst, frame.Suffix...)
}

// fits reports whether a row of size bytes stays within the limits. A single row always does: one
// that is too large travels alone.
func (b *Batch) fits(size int, l *limits) bool {
	return b.Rows() == 0 || l.allow(b.Rows()+1, b.length()+len(b.Stream.Frame.Separator)+size)
}

// length is the size of the body if the batch closed now.
func (b *Batch) length() int { return len(b.Body) + len(b.Stream.Frame.Suffix) }

func (b *Batch) add(r *Row, states int64) {
	if n := len(b.runs); n == 0 || b.runs[n-1].states != states {
		b.runs = append(b.runs, segmentRun{int32(b.Rows()), states})
	}
	if b.Rows() > 0 {
		b.Body = append(b.Body, b.Stream.Frame.Separator...)
	}
	b.Body = append(b.Body, r.Open...)
	b.Body = append(b.Body, r.Data...)
	b.Body = append(b.Body, r.Close...)
	b.ends = append(b.ends, int32(len(b.Body)))
	b.operations = append(b.operations, r.Operation)
	if len(r.Metadata) > 0 || len(b.metadataEnds) > 0 {
		for len(b.metadataEnds) < b.Rows()-1 { // rows before it, which have none
			b.metadataEnds = append(b.metadataEnds, 0)
		}
		b.metadata = append(b.metadata, r.Metadata...)
		b.metadataEnds = append(b.metadataEnds, int32(len(b.metadata)))
	}
	if b.Stream.Keyed {
		b.keys = append(b.keys, r.Key)
	}
	b.lines.add(b.Rows()-1, r.Line)
	if r.Suppressed {
		b.suppressed = append(b.suppressed, b.Rows()-1)
	}
}

// from returns the rows from row first on, each with how many states its scope had seen when it
// came. The Row is valid until the next one.
func (b *Batch) from(first int) iter.Seq2[*Row, int64] {
	return func(yield func(*Row, int64) bool) {
		var r Row
		n, _ := slices.BinarySearch(b.suppressed, first)
		suppressed, run := b.suppressed[n:], 0
		for i := first; i < b.Rows(); i++ {
			for run+1 < len(b.runs) && b.runs[run+1].row <= int32(i) {
				run++
			}
			r.Data, r.Metadata, r.Key, r.Operation, r.Line = b.Row(i), b.Metadata(i), b.Key(i), b.Operation(i), b.Line(i)
			if r.Suppressed = len(suppressed) > 0 && suppressed[0] == i; r.Suppressed {
				suppressed = suppressed[1:]
			}
			if !yield(&r, b.runs[run].states) {
				return
			}
		}
	}
}

// truncate takes out the rows from row n on, which is not the first.
func (b *Batch) truncate(n int) {
	b.Body, b.ends, b.operations = b.Body[:b.ends[n-1]], b.ends[:n], b.operations[:n]
	if len(b.metadataEnds) > 0 {
		b.metadata, b.metadataEnds = b.metadata[:b.metadataEnds[n-1]], b.metadataEnds[:n]
	}
	if b.Stream.Keyed {
		b.keys = b.keys[:n]
	}
	kept, _ := slices.BinarySearch(b.suppressed, n)
	b.suppressed = b.suppressed[:kept]
	b.lines.truncate(n)
	for b.runs[len(b.runs)-1].row >= int32(n) {
		b.runs = b.runs[:len(b.runs)-1]
	}
}

// accountMemory sets held to what the batch holds, in bytes, and returns by how much that is more
// than before.
func (b *Batch) accountMemory() (more int) {
	held := cap(b.Body) + cap(b.metadata) + 4*cap(b.ends) + 4*cap(b.metadataEnds) + 8*cap(b.keys) + cap(b.operations) + 8*cap(b.suppressed) + 16*cap(b.runs) + 16*cap(b.lines.runs)
	more, b.held = held-b.held, held
	return more
}

// statesBefore is how many states its scope had seen when row i came.
func (b *Batch) statesBefore(i int) int64 {
	n := len(b.runs) - 1
	for b.runs[n].row > int32(i) {
		n--
	}
	return b.runs[n].states
}

// forget drops what a settled batch points to: it may be kept for its memory for a long time, and
// each batch that followed it could keep the next one.
func (b *Batch) forget() {
	clear(b.followers)
	b.followers = b.followers[:0]
	b.scope, b.segment, b.set = nil, nil, nil
}

// block makes a batch wait for b.
func (b *Batch) block(later *Batch) {
	if n := len(b.followers); n > 0 && b.followers[n-1] == later {
		return
	}
	b.followers = append(b.followers, later)
	later.blockers++
}

// reset makes the batch an empty one of stream s, keeping its memory.
func (b *Batch) reset(s *Stream) {
	*b = Batch{
		Stream: s, Body: append(b.Body[:0], s.Frame.Prefix...),
		ends: b.ends[:0], metadata: b.metadata[:0], metadataEnds: b.metadataEnds[:0], keys: b.keys[:0], operations: b.operations[:0],
		suppressed: b.suppressed[:0], runs: b.runs[:0], lines: lines{runs: b.lines.runs[:0]}, followers: b.followers[:0],
	}
}
