package receiver_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
)

// chromium is a page of the browser, for one test. It shares neither cookies nor storage nor
// permissions with those of others.
type chromium struct {
	t       *testing.T
	context string
	session string

	mu       sync.Mutex
	requests []string // addresses that the page asked for
	errors   []string // exceptions, console errors, refusals of the content policy

	traced     []traceEvent
	traceEnded chan struct{}
}

// startChromium opens a page that ends with the test. It skips the test if there is no browser.
func startChromium(t *testing.T) *chromium {
	t.Helper()
	program, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("chromium is not installed (apt-get install chromium): the page is not tested")
	}
	if err := shared.start(program); err != nil {
		t.Fatal(err)
	}
	c := &chromium{t: t}
	c.openPage()
	return c
}

// openPage attaches to a new page and listens to what it asks for and complains of.
func (c *chromium) openPage() {
	c.t.Helper()
	var context struct{ BrowserContextID string }
	c.must("Target.createBrowserContext", nil, &context)
	c.context = context.BrowserContextID
	c.t.Cleanup(func() {
		if err := shared.call("", "Target.disposeBrowserContext", map[string]any{"browserContextId": c.context}, nil); err != nil {
			c.t.Error(err)
		}
	})
	var target struct{ TargetID string }
	c.must("Target.createTarget", map[string]any{"url": "about:blank", "browserContextId": c.context}, &target)
	var attached struct{ SessionID string }
	c.must("Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}, &attached)
	c.session = attached.SessionID
	shared.mu.Lock()
	shared.pages[c.session] = c
	shared.mu.Unlock()
	for _, domain := range []string{"Page", "Runtime", "Network", "Log"} {
		c.must(domain+".enable", nil, nil)
	}
}

// note keeps what an event tells.
func (c *chromium) note(m message) {
	c.mu.Lock()
	defer c.mu.Unlock()
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

func (c *chromium) must(method string, params, result any) {
	c.t.Helper()
	if err := shared.call(c.session, method, params, result); err != nil {
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
