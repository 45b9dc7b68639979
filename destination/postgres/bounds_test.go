package postgres

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"testing/iotest"
)

func messageOf(kind byte, length int) []byte {
	return binary.BigEndian.AppendUint32([]byte{kind}, uint32(length+4))
}

// What a server announces or repeats is bounded, however its bytes arrive.
func TestMessagesAreBounded(t *testing.T) {
	whole := func(kind byte, length int) []byte { return append(messageOf(kind, length), make([]byte, length)...) }
	for name, tt := range map[string]struct {
		sent    []byte
		refused bool
	}{
		"usual":                     {bytes.Repeat(whole('N', 1000), 100), false},
		"none":                      {nil, false},
		"a large row":               {messageOf('D', 256<<20), false},
		"a larger one":              {messageOf('D', maxRow+1), true},
		"a description of a row":    {messageOf('T', maxMessage+1), true},
		"the largest there is":      {[]byte{'T', 0xff, 0xff, 0xff, 0xff}, true},
		"after others":              {append(whole('Z', 1), messageOf('E', 1<<30)...), true},
		"parameters":                {bytes.Repeat(whole('S', 30), 400), false},
		"many parameters":           {bytes.Repeat(whole('S', 30), 600), true},
		"many parameters, of bytes": {bytes.Repeat(whole('S', 2), 700), true},
	} {
		for _, r := range []io.Reader{bytes.NewReader(tt.sent), iotest.OneByteReader(bytes.NewReader(tt.sent))} {
			passed, err := io.ReadAll(&messages{r: r})
			if errors.Is(err, errTooMuch) != tt.refused || !tt.refused && (err != nil || !bytes.Equal(passed, tt.sent)) {
				t.Errorf("%s: %d of %d bytes, %v", name, len(passed), len(tt.sent), err)
			}
		}
	}
}

// A server that sends ever new parameters, or announces a gigabyte, is told apart from one that is
// down, and what it says is not shown.
func TestServerSendsTooMuch(t *testing.T) {
	for name, sends := range map[string]func(net.Conn) error{
		"parameters": func(conn net.Conn) (err error) {
			for i := byte(0); err == nil; i++ {
				_, err = conn.Write(append(messageOf('S', 1004), "p"+string(rune('a'+i%26))+"\x00"+strings.Repeat("hush", 250)+"\x00"...))
			}
			return err
		},
		"a large message": func(conn net.Conn) error {
			_, err := conn.Write(messageOf('N', 1<<30))
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			go func() {
				for conn, err := l.Accept(); err == nil; conn, err = l.Accept() {
					_, _ = conn.Write(append(messageOf('R', 4), 0, 0, 0, 0)) // no password is asked for
					_ = sends(conn)
					_ = conn.Close()
				}
			}()
			_, err = serverFor(t, "postgres://u:p@"+l.Addr().String()+"/db?sslmode=disable").Open(t.Context())
			if !errors.Is(err, errTooMuch) || strings.Contains(err.Error(), "hush") || !strings.HasSuffix(err.Error(), errTooMuch.Error()) {
				t.Errorf("got %v", err)
			}
		})
	}
}
