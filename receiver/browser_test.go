package receiver_test

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"sync"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(suite{m}) }

// suite is all tests. The browser that they share ends with the last of them.
type suite struct{ *testing.M }

func (s suite) Run() int {
	code := s.M.Run()
	if err := shared.close(); err != nil {
		fmt.Fprintln(os.Stderr, "the browser:", err)
		return cmp.Or(code, 1)
	}
	return code
}

// browser is a headless Chromium, driven by the DevTools protocol over a pair of pipes: messages
// are JSON, each ended by a NUL. To start one takes longer than most tests, so that they share it.
type browser struct {
	command *exec.Cmd // nil: it has not been started
	folder  string    // its profile
	in      io.ReadCloser
	out     io.WriteCloser
	ended   chan struct{}

	mu      sync.Mutex
	last    int
	answers map[int]chan message
	pages   map[string]*chromium // by session
}

var shared browser

type message struct {
	ID        int                       `json:"id,omitempty"`
	SessionID string                    `json:"sessionId,omitempty"`
	Method    string                    `json:"method,omitempty"`
	Params    any                       `json:"params,omitempty"`
	Result    json.RawMessage           `json:"result,omitempty"`
	Error     *struct{ Message string } `json:"error,omitempty"`
}

// chromiumFlags keep it from talking to anybody but the page's server.
var chromiumFlags = []string{
	"--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
	"--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--disable-extensions", "--hide-scrollbars",
	"--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", "--remote-debugging-pipe",
}

// start starts the program unless it runs.
func (b *browser) start(program string) error {
	if b.command != nil {
		return nil
	}
	theirIn, ourOut, err1 := os.Pipe()
	ourIn, theirOut, err2 := os.Pipe()
	folder, err3 := os.MkdirTemp("", "chromium-")
	if err := errors.Join(err1, err2, err3); err != nil {
		return err
	}
	cmd := exec.Command(program, append(slices.Clone(chromiumFlags), "--user-data-dir="+folder, "about:blank")...)
	cmd.ExtraFiles = []*os.File{theirIn, theirOut} // file descriptors 3 and 4
	if err := cmd.Start(); err != nil {
		return err
	}
	_, _ = theirIn.Close(), theirOut.Close()
	b.command, b.folder, b.in, b.out, b.ended = cmd, folder, ourIn, ourOut, make(chan struct{})
	b.answers, b.pages = map[int]chan message{}, map[string]*chromium{}
	go b.read()
	return nil
}

// close ends the program if it runs.
func (b *browser) close() error {
	if b.command == nil {
		return nil
	}
	_ = b.call("", "Browser.close", nil, nil) // it may end before it answers
	_ = b.command.Wait()
	_ = b.out.Close()
	<-b.ended
	return errors.Join(b.in.Close(), os.RemoveAll(b.folder))
}

// read hands answers to those who wait and events to their pages, until the browser ends.
func (b *browser) read() {
	defer close(b.ended)
	r := bufio.NewReader(b.in)
	for {
		text, err := r.ReadBytes(0)
		if err != nil {
			b.mu.Lock()
			for _, answer := range b.answers {
				close(answer)
			}
			b.answers = nil
			b.mu.Unlock()
			return
		}
		var m message
		if json.Unmarshal(text[:len(text)-1], &m) == nil {
			b.hand(m)
		}
	}
}

func (b *browser) hand(m message) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if answer := b.answers[m.ID]; answer != nil {
		delete(b.answers, m.ID)
		answer <- m
	}
	if page := b.pages[m.SessionID]; page != nil {
		page.note(m)
	}
}

// call calls a method of a page's session, or of the browser itself if session is empty.
func (b *browser) call(session, method string, params, result any) error {
	answer := make(chan message, 1)
	b.mu.Lock()
	if b.answers == nil {
		b.mu.Unlock()
		return errors.New("the browser has ended")
	}
	b.last++
	m := message{ID: b.last, SessionID: session, Method: method, Params: params}
	b.answers[m.ID] = answer
	b.mu.Unlock()

	text, err := json.Marshal(m)
	if err != nil {
		return err
	}
	if _, err := b.out.Write(append(text, 0)); err != nil {
		return err
	}
	got, open := <-answer
	switch {
	case !open:
		return errors.New("the browser has ended")
	case got.Error != nil:
		return fmt.Errorf("%s: %s", method, got.Error.Message)
	case result == nil:
		return nil
	}
	return json.Unmarshal(got.Result, result)
}
