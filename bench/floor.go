package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"

	"github.com/klauspost/compress/gzip"
)

// bodySize is that of the default config's largest batch.
const bodySize = 1_000_000

// floor posts the bytes of stdin in bodies of bodySize, header and body in one write, and looks at
// none of them: what moving the bytes costs.
func floor(args []string) error {
	u, err := url.Parse(args[0])
	if err != nil {
		return err
	}
	conn, err := net.Dial("tcp", u.Host)
	if err != nil {
		return err
	}
	answers := bufio.NewReader(conn)
	const room = 256 // for the header, right in front of the body
	buf := make([]byte, room+bodySize)
	for {
		n, err := io.ReadFull(os.Stdin, buf[room:])
		if n > 0 {
			header := fmt.Sprintf("POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n", u.Path, u.Host, n)
			start := room - len(header)
			copy(buf[start:], header)
			if _, err := conn.Write(buf[start : room+n]); err != nil {
				return err
			}
			if err := skipAnswer(answers); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return conn.Close()
		}
		if err != nil {
			return err
		}
	}
}

// skipAnswer reads a header that no body follows.
func skipAnswer(r *bufio.Reader) error {
	for {
		line, err := r.ReadSlice('\n')
		if err != nil || len(line) <= len("\r\n") {
			return err
		}
	}
}

// compressAlone compresses the bytes of stdin, each bodySize by itself, and throws the result away:
// what gzip costs.
func compressAlone([]string) error {
	w, err := gzip.NewWriterLevel(io.Discard, gzip.BestSpeed)
	if err != nil {
		return err
	}
	buf := make([]byte, bodySize)
	for {
		n, err := io.ReadFull(os.Stdin, buf)
		w.Reset(io.Discard)
		if _, err := w.Write(buf[:n]); err != nil {
			return err
		}
		if err := w.Close(); err != nil {
			return err
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}
