package protocol

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

// readAll reads every block into a buffer of the size and returns them as text, with the error that
// ended it.
func readAll(r *BlockReader, size int) ([]string, error) {
	var blocks []string
	buf := make([]byte, size)
	for {
		block, err := r.Next(buf)
		if err != nil {
			return blocks, err
		}
		blocks = append(blocks, string(block))
		clear(buf) // it is the caller's again, whatever was read after the block
	}
}

func checkBlocks(t *testing.T, input string, blocks []string) {
	t.Helper()
	for _, block := range blocks {
		if !strings.HasSuffix(block, "\n") {
			t.Errorf("block %q ends in the middle of a line", block)
		}
	}
	if input != "" && !strings.HasSuffix(input, "\n") {
		input += "\n"
	}
	if diff := cmp.Diff(input, strings.Join(blocks, "")); diff != "" {
		t.Error(diff)
	}
}

// slow are the ways in which a reader may hand out what it has.
var slow = map[string]func(io.Reader) io.Reader{
	"at once":             func(r io.Reader) io.Reader { return r },
	"byte by byte":        iotest.OneByteReader,
	"half":                iotest.HalfReader,
	"with the last bytes": iotest.DataErrReader,
	"byte by byte, EOF with the last": func(r io.Reader) io.Reader {
		return iotest.DataErrReader(iotest.OneByteReader(r))
	},
}

var blockInputs = []string{
	"",
	"\n",
	"a",
	"a\n",
	"\n\n\n",
	"a\nb\nc\n",
	"a\r\n\r\nb",
	"a\nb\nthe last line has no newline",
	"0123456\n01234567\n012345678\n",
	"a line that is longer than most of the buffers\nb\nand a second one that is longer than that, and has no end",
	strings.Repeat("x", 1000) + "\n" + strings.Repeat("y", 3000),
	strings.Repeat("x\n", 1000),
}

func TestBlockReader(t *testing.T) {
	for how, wrap := range slow {
		for n, input := range blockInputs {
			for _, size := range []int{1, 2, 7, 8, 9, 16, 64, 4096} {
				t.Run(fmt.Sprintf("%s/%d/%d", how, n, size), func(t *testing.T) {
					blocks, err := readAll(NewBlockReader(wrap(strings.NewReader(input))), size)
					if !errors.Is(err, io.EOF) {
						t.Fatal(err)
					}
					checkBlocks(t, input, blocks)
				})
			}
		}
	}
}

// A line is handed on as soon as it is whole, and as many as there are with it.
func TestBlockReaderDoesNotWait(t *testing.T) {
	in, out := io.Pipe()
	t.Cleanup(func() { _ = in.Close() })
	written := make(chan string)
	go func() {
		for s := range written {
			_, _ = io.WriteString(out, s)
		}
		_ = out.Close()
	}()
	r, buf := NewBlockReader(in), make([]byte, 64)
	for _, step := range []struct{ write, want string }{
		{"a\n", "a\n"},
		{"b\nc\nd", "b\nc\n"},
		{"e\nf", "de\n"},
	} {
		written <- step.write
		block, err := r.Next(buf)
		if err != nil || string(block) != step.want {
			t.Fatalf("after %q: %q, %v, want %q", step.write, block, err, step.want)
		}
	}
	close(written)
	if block, err := r.Next(buf); err != nil || string(block) != "f\n" {
		t.Fatalf("at the end: %q, %v", block, err)
	}
}

// A line that an error cuts short may have been longer: it is not handed out, neither with the
// error nor after it.
func TestBlockReaderError(t *testing.T) {
	broken := errors.New("broken")
	for how, wrap := range slow {
		for _, tt := range []struct {
			input string
			want  string
		}{
			{"", ""},
			{"a\n", "a\n"},
			{`a` + "\n" + `{"cut":"sho`, "a\n"},
			{`{"whole":"but is it?"}`, ""},
		} {
			t.Run(how+"/"+tt.input, func(t *testing.T) {
				r := NewBlockReader(wrap(io.MultiReader(strings.NewReader(tt.input), iotest.ErrReader(broken))))
				blocks, err := readAll(r, 4)
				if !errors.Is(err, broken) || strings.Join(blocks, "") != tt.want {
					t.Errorf("%q, %v, want %q and the reader's error", blocks, err, tt.want)
				}
				if block, err := r.Next(make([]byte, 4)); !errors.Is(err, broken) || block != nil {
					t.Errorf("then %q, %v", block, err)
				}
			})
		}
	}
}

func TestBlockReaderMaxLine(t *testing.T) {
	const limit = 16
	line := func(n int) string { return strings.Repeat("x", n-1) + "\n" } // its newline included
	tests := []struct {
		name, input, want string
		err               error
	}{
		{"the longest", "a\n" + line(limit) + "b\n", "a\n" + line(limit) + "b\n", io.EOF},
		{"too long", "a\n" + line(limit+1) + "b\n", "a\n", errLineTooLong},
		{"much too long", "a\n" + line(10*limit) + "b\n", "a\n", errLineTooLong},
		{"the longest without newline", strings.Repeat("x", limit-1), line(limit), io.EOF},
		{"too long without newline", strings.Repeat("x", limit), "", errLineTooLong},
	}
	for _, tt := range tests {
		for how, wrap := range slow {
			for _, size := range []int{1, 5, 12, limit} {
				t.Run(fmt.Sprintf("%s/%s/%d", tt.name, how, size), func(t *testing.T) {
					r := NewBlockReader(wrap(strings.NewReader(tt.input)))
					r.max = limit
					blocks, err := readAll(r, size)
					if got := strings.Join(blocks, ""); !errors.Is(err, tt.err) || got != tt.want {
						t.Errorf("%q, %v, want %q, %v", got, err, tt.want, tt.err)
					}
					if block, err := r.Next(make([]byte, size)); !errors.Is(err, tt.err) {
						t.Errorf("then %q, %v: the rest of a line is no line", block, err)
					}
				})
			}
		}
	}
}

// The line that a large buffer ends in is carried into a small one.
func TestBlockReaderMaxLineInSmallerBuffers(t *testing.T) {
	const limit = 16
	for n, want := range map[int]error{limit: nil, limit + 1: errLineTooLong} {
		line := strings.Repeat("x", n-1) + "\n"
		r := NewBlockReader(strings.NewReader("a\n" + line))
		r.max = limit
		if block, err := r.Next(make([]byte, limit)); err != nil || string(block) != "a\n" {
			t.Fatalf("%q, %v", block, err)
		}
		if block, err := r.Next(make([]byte, 1)); !errors.Is(err, want) {
			t.Errorf("%d bytes: %q, %v, want the error %v", n, block, err, want)
		}
	}
}

// An error ends the stream even if a later read would succeed: what comes then is not what comes
// next.
func TestBlockReaderReadsNoMoreAfterAnError(t *testing.T) {
	broken := errors.New("broken")
	reads := 0
	r := NewBlockReader(readerFunc(func(b []byte) (int, error) {
		if reads++; reads == 1 {
			return copy(b, "a\n{\"cut\":"), broken
		}
		return copy(b, "1}\n"), nil
	}))
	blocks, err := readAll(r, 64)
	if diff := cmp.Diff([]string{"a\n"}, blocks); diff != "" || !errors.Is(err, broken) || reads != 1 {
		t.Errorf("%d reads, %v, %s", reads, err, diff)
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(b []byte) (int, error) { return f(b) }

func TestMaxLineInWords(t *testing.T) {
	if got, want := errLineTooLong.Error(), fmt.Sprintf("%d MiB", maxLine>>20); !strings.Contains(got, want) {
		t.Errorf("%q does not say %s", got, want)
	}
}

// A block belongs to whoever has its buffer: what is read later goes elsewhere.
func TestBlockReaderOwnership(t *testing.T) {
	input := "first\nsecond\na third line that fits no buffer\nfourth"
	r := NewBlockReader(iotest.HalfReader(strings.NewReader(input)))
	var blocks [][]byte
	var copies []string
	for {
		block, err := r.Next(make([]byte, 8))
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		blocks, copies = append(blocks, block), append(copies, string(block))
	}
	for n, block := range blocks {
		if string(block) != copies[n] {
			t.Errorf("block %d was %q, is %q", n, copies[n], block)
		}
	}
	checkBlocks(t, input, copies)
}

// The buffer of the caller may be a part of something larger.
func TestBlockReaderStaysInItsBuffer(t *testing.T) {
	for how, wrap := range slow {
		arena := []byte("________!!!!")
		if _, err := NewBlockReader(wrap(strings.NewReader("12345678"))).Next(arena[:8]); err != nil {
			t.Fatal(err)
		}
		if !bytes.HasSuffix(arena, []byte("!!!!")) {
			t.Errorf("%s: wrote past the buffer: %q", how, arena)
		}
	}
}

func TestBlockReaderAliasesTheBuffer(t *testing.T) {
	buf := make([]byte, 64)
	block, err := NewBlockReader(strings.NewReader("a\nb")).Next(buf)
	if err != nil {
		t.Fatal(err)
	}
	if &block[0] != &buf[0] {
		t.Error("a block that fits is copied")
	}
}

func FuzzBlockReader(f *testing.F) {
	for n, input := range blockInputs {
		f.Add([]byte(input), uint8(n*5))
	}
	f.Fuzz(func(t *testing.T, input []byte, size uint8) {
		for _, wrap := range slow {
			blocks, err := readAll(NewBlockReader(wrap(bytes.NewReader(input))), int(size)+1)
			if !errors.Is(err, io.EOF) {
				t.Fatal(err)
			}
			checkBlocks(t, string(input), blocks)
		}
	})
}
