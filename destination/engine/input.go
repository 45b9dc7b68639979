package engine

import (
	"context"
	"io"
	"runtime"

	"destination-webhook/destination/failure"
	"destination-webhook/destination/payload"
	"destination-webhook/protocol"
)

const (
	// blockSize is how much of stdin is read at once.
	blockSize = 256 << 10
	// maxAhead is how many bytes of longer blocks, each of one long line, may be at work before no
	// further block is read.
	maxAhead = 8 << 20
	// maxDecoders is how many decoders bring more than they cost: one goroutine that owns the sync
	// cannot take the messages of more.
	maxDecoders = 4
)

// decoders returns how many goroutines decode the input.
func decoders() int { return min(maxDecoders, runtime.GOMAXPROCS(0)) }

// block is whole lines of the input, and their messages, or the error that ended the input.
type block struct {
	lines    []byte
	messages *protocol.Messages
	memory   []byte
	digests  []payload.Digest // of the records; none if nothing is compared
	record   int              // how many records have been worked on
	release  func()           // of what was looked up ahead; nil: nothing was
	extra    int              // bytes that the lines take beyond memory
	err      error
}

// input reads blocks in a goroutine of its own, so that no other one waits for stdin, and deals
// them in turn to decoders, each in a goroutine of its own. The owner of the sync collects them in
// turn as well, so that they come in the order of the input. A decoder that is the only one works
// for the owner itself: on one core another goroutine would only take turns with it.
type input struct {
	ctx    context.Context //nolint:containedctx // that of all its goroutines
	free   chan block      // for their memory
	dealt  []chan block    // to each decoder
	ready  []chan block    // from each decoder
	turn   int             // the decoder whose block is next
	before int64           // lines
	only   *decoder
}

// decoder decodes blocks, and prepares their records for the comparison with a snapshot.
type decoder struct {
	protocol.Decoder
	ahead *lookahead // nil: nothing is prepared
}

// newInput starts to read, until the input ends or ctx does. A read that is under way then is left
// alone: only the other end of the pipe can interrupt it.
//
// There is memory for as many blocks as can be at work: one being read, one with each decoder and
// one decoded ahead by it, and one with the owner.
func newInput(ctx context.Context, r io.Reader, decoders []*decoder) *input {
	protocol.EnlargePipe(r)
	in := &input{ctx: ctx, free: make(chan block, 2*len(decoders)+2)}
	for range cap(in.free) {
		in.free <- block{memory: make([]byte, blockSize), messages: &protocol.Messages{}}
	}
	if len(decoders) == 1 {
		ready := make(chan block)
		in.only, in.dealt, in.ready = decoders[0], []chan block{ready}, []chan block{ready}
		decoders = nil
	}
	for _, d := range decoders {
		dealt, ready := make(chan block), make(chan block, 1)
		in.dealt, in.ready = append(in.dealt, dealt), append(in.ready, ready)
		go in.decode(d, dealt, ready)
	}
	go in.read(protocol.NewBlockReader(r))
	return in
}

// next delivers the next block of the input, for received.
func (in *input) next() <-chan block { return in.ready[in.turn] }

// received takes a block that came from next, and sets which lines of the input it holds.
func (in *input) received(b block) {
	if in.only != nil {
		b.decode(in.only)
	}
	in.turn = (in.turn + 1) % len(in.ready)
	b.messages.First = in.before
	in.before += b.messages.Lines
}

// release gives a block's memory back. Its messages are no longer valid.
func (in *input) release(b block) {
	b.messages.Release()
	if b.release != nil {
		b.release()
	}
	in.free <- block{memory: b.memory, messages: b.messages, digests: b.digests[:0], extra: b.extra}
}

// read reads blocks and deals them.
func (in *input) read(r *protocol.BlockReader) {
	var spare []block
	ahead := 0
	for turn := 0; ; turn = (turn + 1) % len(in.dealt) {
		for len(spare) == 0 || ahead > maxAhead {
			select {
			case b := <-in.free:
				ahead -= b.extra
				spare = append(spare, block{memory: b.memory, messages: b.messages, digests: b.digests})
			case <-in.ctx.Done():
				return
			}
		}
		b := spare[len(spare)-1]
		spare = spare[:len(spare)-1]
		b.read(r)
		ahead += b.extra
		if !in.pass(in.dealt[turn], b) || b.err != nil {
			return
		}
	}
}

// decode decodes the blocks that are dealt to it.
func (in *input) decode(d *decoder, dealt <-chan block, ready chan<- block) {
	for {
		select {
		case b := <-dealt:
			b.decode(d)
			if !in.pass(ready, b) {
				return
			}
		case <-in.ctx.Done():
			return
		}
	}
}

// pass sends a block, unless the sync ends before; it reports whether it has.
func (in *input) pass(to chan<- block, b block) bool {
	select {
	case to <- b:
		return true
	case <-in.ctx.Done():
		return false
	}
}

func (b *block) read(r *protocol.BlockReader) {
	defer failure.RecoverTo(&b.err)
	b.lines, b.err = r.Next(b.memory)
	b.extra = max(0, cap(b.lines)-cap(b.memory))
}

// digest returns the digest of the next record, zero if none was computed.
func (b *block) digest() (digest payload.Digest) {
	if b.record < len(b.digests) {
		digest = b.digests[b.record]
		b.record++
	}
	return digest
}

// decode decodes the lines of a block. A panic is an error of the line after the last message.
func (b *block) decode(d *decoder) {
	if b.err != nil {
		b.messages.Lines = 0
		return
	}
	var err error
	defer func() {
		if err != nil {
			b.messages.Fail(err)
		}
	}()
	defer failure.RecoverTo(&err)
	d.Decode(b.lines, b.messages)
	if d.ahead != nil {
		b.digests, b.release = d.ahead.prepare(b.digests, b.messages.Again())
	}
}
