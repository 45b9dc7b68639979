package engine

import (
	"context"
	"io"

	"destination-webhook/destination/failure"
	"destination-webhook/protocol"
)

const (
	// blockSize is how much of stdin is read at once.
	blockSize = 256 << 10
	// blockCount is how many blocks there are: one being read, one being worked on, one between the
	// two.
	blockCount = 3
)

// block is whole lines of the input, or the error that ended it.
type block struct {
	lines  []byte
	memory []byte
	err    error
}

// input reads blocks in a goroutine of its own, so that no other one waits for stdin.
type input struct {
	blocks chan block
	memory chan []byte
}

// newInput starts to read, until the input ends or ctx does. A read that is under way then is left
// alone: only the other end of the pipe can interrupt it.
func newInput(ctx context.Context, r io.Reader) *input {
	protocol.EnlargePipe(r)
	in := &input{blocks: make(chan block), memory: make(chan []byte, blockCount)}
	for range blockCount {
		in.memory <- make([]byte, blockSize)
	}
	go in.read(ctx, protocol.NewBlockReader(r))
	return in
}

// release gives a block's memory back. Its lines are no longer valid.
func (in *input) release(b block) { in.memory <- b.memory }

func (in *input) read(ctx context.Context, r *protocol.BlockReader) {
	for {
		b := block{memory: <-in.memory}
		b.read(r)
		select {
		case in.blocks <- b:
		case <-ctx.Done():
			return
		}
		if b.err != nil {
			return
		}
	}
}

func (b *block) read(r *protocol.BlockReader) {
	defer failure.RecoverTo(&b.err)
	b.lines, b.err = r.Next(b.memory)
}
