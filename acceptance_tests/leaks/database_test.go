package leaks

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"testing"
)

// database starts what looks like a PostgreSQL server: it asks for the password, answers with what
// answer makes of it, and ends the connection. It returns the address.
func database(t *testing.T, answer func(password string) string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for conn, err := l.Accept(); err == nil; conn, err = l.Accept() {
			password, err := askPassword(conn)
			if err == nil {
				_, _ = io.WriteString(conn, answer(password))
			}
			_ = conn.Close()
		}
	}()
	return l.Addr().String()
}

// askPassword reads the start of a session and the answer to the question for the password.
func askPassword(conn net.Conn) (string, error) {
	r := bufio.NewReader(conn)
	if _, err := messageOf(r); err != nil {
		return "", err
	}
	if _, err := io.WriteString(conn, message('R', "\x00\x00\x00\x03")); err != nil { // in clear text
		return "", err
	}
	if _, err := r.ReadByte(); err != nil {
		return "", err
	}
	return messageOf(r)
}

// messageOf reads the rest of a message after its type.
func messageOf(r io.Reader) (string, error) {
	var length uint32
	if err := binary.Read(r, binary.BigEndian, &length); err != nil {
		return "", err
	}
	body := make([]byte, length-4)
	_, err := io.ReadFull(r, body)
	return strings.TrimRight(string(body), "\x00"), err
}

func message(kind byte, body string) string {
	return string(binary.BigEndian.AppendUint32([]byte{kind}, uint32(len(body)+4))) + body
}

// failure is an error of the server with a text in each of the fields named by letters.
func failure(code, text, fields string) string {
	body := "SFATAL\x00C" + code + "\x00"
	for _, field := range fields {
		body += string(field) + text + "\x00"
	}
	return message('E', body+"\x00")
}

func TestDatabaseEchoesEverything(t *testing.T) {
	for name, answer := range map[string]func(echo string) string{
		"wrong password": func(echo string) string { return failure("28P01", echo, "MDHWstcdn") },
		"full":           func(echo string) string { return failure("53100", echo, "MDHWstcdn") },
		"its own code":   func(echo string) string { return failure(echo, echo, "M") },
		"notice":         func(echo string) string { return "N" + failure("01000", echo, "MD")[1:] },
		"parameter": func(echo string) string {
			return message('R', "\x00\x00\x00\x00") + message('S', "server_version\x00"+echo+"\x00")
		},
		"no PostgreSQL": func(echo string) string { return echo },
		"nothing":       func(string) string { return "" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address := database(t, func(password string) string {
				if password != secrets["database"] {
					t.Errorf("the password is %q", password)
				}
				echo := []string{password}
				for _, form := range forms {
					echo = append(echo, form.write(password))
				}
				return answer(strings.ReplaceAll(strings.Join(echo, " "), "\x00", ""))
			})
			config := configFor(serve(t, &parrot{answer: status(200)}))
			config["snapshot"] = map[string]any{
				"type": "postgres", "connection_url": fmt.Sprintf("postgres://%s@%s/rows?sslmode=disable", url.UserPassword("airbyte", secrets["database"]), address),
			}
			if shown := run(t, config); !strings.Contains(shown, "opening the snapshot in "+address) {
				t.Errorf("the database was not asked: %s", shown)
			}
		})
	}
}

// A URL of a database that cannot be used is not shown.
func TestDatabaseCannotBeUsed(t *testing.T) {
	for _, after := range []string{"", "/", "/rows?sslmode=perhaps", "/rows?passfile=/etc/passwd", "/ro ws", "/%zz", ":port/rows"} {
		config := configFor(serve(t, &parrot{answer: status(200)}))
		config["snapshot"] = map[string]any{"type": "postgres", "connection_url": "postgres://airbyte:" + url.QueryEscape(secrets["database"]) + "@127.0.0.1:1" + after}
		run(t, config)
	}
}
