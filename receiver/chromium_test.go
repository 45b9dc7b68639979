package receiver_test

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
)

// chromium is a headless browser with one page, driven by the DevTools protocol over a pair of
// pipes: messages are JSON, each ended by a NUL.
type chromium struct {
	t       *testing.T
	out     io.Writer
	session string

	mu       sync.Mutex
	last     int
	answers  map[int]chan message
	requests []string // addresses that the page asked for
	errors   []string // exceptions, console errors, refusals of the content policy

	traced     []traceEvent
	traceEnded chan struct{}
}

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

// startChromium skips the test if there is no browser.
func startChromium(t *testing.T) *chromium {
	t.Helper()
	program, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("chromium is not installed (apt-get install chromium): the page is not tested")
	}
	theirIn, ourOut, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	ourIn, theirOut, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, program, append(slices.Clone(chromiumFlags), "--user-data-dir="+t.TempDir(), "about:blank")...)
	cmd.ExtraFiles = []*os.File{theirIn, theirOut} // file descriptors 3 and 4
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_, _ = theirIn.Close(), theirOut.Close()

	c := &chromium{t: t, out: ourOut, answers: map[int]chan message{}}
	read := make(chan struct{})
	go func() { defer close(read); c.read(ourIn) }()
	t.Cleanup(func() {
		_ = c.call("Browser.close", nil, nil)
		_ = cmd.Wait()
		cancel()
		_, _ = ourOut.Close(), ourIn.Close()
		<-read
	})
	c.openPage()
	return c
}

// openPage attaches to a new page and listens to what it asks for and complains of.
func (c *chromium) openPage() {
	var target struct{ TargetID string }
	c.must("Target.createTarget", map[string]any{"url": "about:blank"}, &target)
	var attached struct{ SessionID string }
	c.must("Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}, &attached)
	c.session = attached.SessionID
	for _, domain := range []string{"Page", "Runtime", "Network", "Log"} {
		c.must(domain+".enable", nil, nil)
	}
}

// read hands answers to those who wait and notes events, until the browser ends.
func (c *chromium) read(in io.Reader) {
	r := bufio.NewReader(in)
	for {
		text, err := r.ReadBytes(0)
		if err != nil {
			c.mu.Lock()
			for _, answer := range c.answers {
				close(answer)
			}
			c.answers = nil
			c.mu.Unlock()
			return
		}
		var m message
		if json.Unmarshal(text[:len(text)-1], &m) != nil {
			continue
		}
		c.mu.Lock()
		if answer := c.answers[m.ID]; answer != nil {
			delete(c.answers, m.ID)
			answer <- m
		}
		c.note(m)
		c.mu.Unlock()
	}
}

func (c *chromium) note(m message) {
	text, _ := json.Marshal(m.Params)
	switch m.Method {
	case "Network.requestWillBeSent":
		var p struct{ Request struct{ URL string } }
		_ = json.Unmarshal(text, &p)
		c.requests = append(c.requests, p.Request.URL)
	case "Runtime.exceptionThrown", "Log.entryAdded":
		c.errors = append(c.errors, string(text))
	case "Runtime.consoleAPICalled":
		if strings.Contains(string(text), `"type":"error"`) {
			c.errors = append(c.errors, string(text))
		}
	case "Tracing.dataCollected", "Tracing.tracingComplete":
		c.noteTrace(m.Method, text)
	}
}

func (c *chromium) call(method string, params, result any) error {
	answer := make(chan message, 1)
	c.mu.Lock()
	if c.answers == nil {
		c.mu.Unlock()
		return errors.New("the browser has ended")
	}
	c.last++
	m := message{ID: c.last, SessionID: c.session, Method: method, Params: params}
	c.answers[m.ID] = answer
	c.mu.Unlock()

	text, err := json.Marshal(m)
	if err != nil {
		return err
	}
	if _, err := c.out.Write(append(text, 0)); err != nil {
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

func (c *chromium) must(method string, params, result any) {
	c.t.Helper()
	if err := c.call(method, params, result); err != nil {
		c.t.Fatal(err)
	}
}

// eval runs an expression in the page, waits for its promise and returns its text.
func (c *chromium) eval(expression string) string {
	c.t.Helper()
	var r struct {
		Result           struct{ Value any }
		ExceptionDetails *struct {
			Text      string
			Exception struct{ Description string }
		}
	}
	c.must("Runtime.evaluate", map[string]any{"expression": expression, "awaitPromise": true, "returnByValue": true, "userGesture": true}, &r)
	if e := r.ExceptionDetails; e != nil {
		c.t.Fatalf("%s: %s %s", expression, e.Text, e.Exception.Description)
	}
	if r.Result.Value == nil {
		return ""
	}
	return fmt.Sprint(r.Result.Value)
}

// until waits in the page, at each frame, until the expression is true.
func (c *chromium) until(expression string) {
	c.t.Helper()
	got := c.eval(`new Promise((done) => {
		const end = Date.now() + 60000;
		const look = () => {
			let is = false;
			try { is = (` + expression + `); } catch (e) {}
			if (is) done("yes"); else if (Date.now() > end) done("no"); else setTimeout(look, 20);
		};
		look();
	})`)
	if got != "yes" {
		c.screenshot("failure.png")
		c.t.Fatalf("still not: %s\n%s", expression, c.eval("document.body.innerText"))
	}
}

func (c *chromium) open(url string) {
	c.t.Helper()
	c.must("Page.navigate", map[string]any{"url": url}, nil)
	c.until(`document.readyState === "complete" && location.href !== "about:blank"`)
}

func (c *chromium) press(key, code string, number int) {
	c.t.Helper()
	for _, kind := range []string{"keyDown", "keyUp"} {
		c.must("Input.dispatchKeyEvent", map[string]any{"type": kind, "key": key, "code": code, "windowsVirtualKeyCode": number}, nil)
	}
}

func (c *chromium) look(scheme string, width, height int) {
	c.t.Helper()
	c.must("Emulation.setEmulatedMedia", map[string]any{"features": []map[string]string{{"name": "prefers-color-scheme", "value": scheme}}}, nil)
	c.must("Emulation.setDeviceMetricsOverride", map[string]any{"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false}, nil)
}

// screenshot writes a picture if RECEIVER_SCREENSHOTS names a folder.
func (c *chromium) screenshot(name string) {
	c.t.Helper()
	folder := os.Getenv("RECEIVER_SCREENSHOTS")
	if folder == "" {
		return
	}
	var shot struct{ Data string }
	c.must("Page.captureScreenshot", map[string]any{"format": "png"}, &shot)
	picture, err := base64.StdEncoding.DecodeString(shot.Data)
	if err == nil {
		err = os.WriteFile(folder+"/"+name, picture, 0o644)
	}
	if err != nil {
		c.t.Fatal(err)
	}
}

// seen returns the addresses asked for and the complaints so far.
func (c *chromium) seen() (requests, complaints []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.requests), slices.Clone(c.errors)
}
