package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"destination-webhook/receiver"
)

// host has what the processes of one run share.
type host struct {
	binary string
	folder string         // with config.json and catalog.json
	place  map[string]any // config of where the snapshots are; nil: they are in the folder
}

// write puts a file into the folder.
func (h host) write(name string, content any) error {
	text, err := json.Marshal(content)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(h.folder, name), text, 0o600)
}

// end is when a process is to die, and how.
type end struct {
	after  string // what is counted: requests, bytes, states or microseconds; empty: it may live
	count  int
	gently bool // by SIGTERM
}

// process is one process of the program, from its start to its death.
type process struct {
	host
	input    []byte
	end      end
	endpoint *receiver.Server
	random   *rand.Rand               // of the sizes in which the input is fed
	line     func(line []byte) error  // takes each whole line of stdout
	dying    func(what string, n int) // notes what may kill it
}

// live runs the process. It reports whether the process came to its own end, with code 0. A process
// that was killed is no error.
func (p *process) live(ctx context.Context) (finished bool, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	cmd := exec.CommandContext(ctx, p.binary, "write", "--config", "config.json", "--catalog", "catalog.json", "--sync-id", "one")
	cmd.Dir = p.folder
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	stdin, err1 := cmd.StdinPipe()
	stdout, err2 := cmd.StdoutPipe()
	before := p.endpoint.Totals().Requests
	if err := errors.Join(err1, err2, cmd.Start()); err != nil {
		return false, err
	}
	p.dying = p.executioner(cmd.Process)
	watching, watched := context.WithCancel(ctx)
	var others sync.WaitGroup
	others.Go(func() { p.feed(stdin) })
	others.Go(func() { p.watch(watching, before) })
	told, lie := p.listen(stdout)
	if lie != nil {
		cancel()
	}
	died := cmd.Wait()
	watched()
	others.Wait()
	if lie != nil || ctx.Err() != nil {
		return false, errors.Join(lie, ctx.Err())
	}
	finished, err = p.judge(died)
	if err != nil {
		err = fmt.Errorf("%w; it said %s and on stderr %q", err, told, stderr.String())
	}
	return finished, errors.Join(err, p.quiet(ctx))
}

// executioner returns a function that kills the process once enough is counted of what its end is
// after.
func (p *process) executioner(victim *os.Process) func(what string, n int) {
	var once sync.Once
	return func(what string, n int) {
		if what != p.end.after || n < p.end.count {
			return
		}
		once.Do(func() {
			signal := os.Signal(syscall.SIGKILL)
			if p.end.gently {
				signal = syscall.SIGTERM
			}
			_ = victim.Signal(signal) // it may be dead already
		})
	}
}

// feed writes the input in pieces of any size. Writing fails once the process is dead.
func (p *process) feed(stdin io.WriteCloser) {
	defer stdin.Close()
	for fed := 0; fed < len(p.input); {
		n := min(1+p.random.IntN(1<<p.random.IntN(15)), len(p.input)-fed)
		if _, err := stdin.Write(p.input[fed : fed+n]); err != nil {
			return
		}
		fed += n
		p.dying("bytes", fed)
	}
}

// watch counts requests and time, until ctx ends.
func (p *process) watch(ctx context.Context, before int64) {
	switch p.end.after {
	case "requests":
		if p.endpoint.Wait(ctx, func(t receiver.Totals) bool { return t.Requests >= before+int64(p.end.count) }) == nil {
			p.dying("requests", p.end.count)
		}
	case "microseconds":
		select {
		case <-time.After(time.Duration(p.end.count) * time.Microsecond):
			p.dying("microseconds", p.end.count)
		case <-ctx.Done():
		}
	}
}

// listen hands over the lines of stdout. A line that death cut short has no newline and does not
// count. It returns the failure that the process reported, and the first lie.
func (p *process) listen(stdout io.Reader) (told string, lie error) {
	lines, states := bufio.NewReader(stdout), 0
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return told, lie
		}
		var m struct {
			Type  string
			Trace struct{ Error json.RawMessage }
		}
		if err := json.Unmarshal(line, &m); err != nil && lie == nil {
			lie = fmt.Errorf("stdout holds %q: %w", line, err)
		}
		switch m.Type {
		case "TRACE":
			told = string(m.Trace.Error)
		case "STATE":
			states++
			p.dying("states", states)
		}
		if err := p.line(line); err != nil && lie == nil {
			lie = err
		}
	}
}

// judge tells a death that was asked for from others.
func (p *process) judge(died error) (finished bool, err error) {
	if died == nil {
		return true, nil
	}
	exit := (*exec.ExitError)(nil)
	if !errors.As(died, &exit) {
		return false, died
	}
	expected := syscall.SIGKILL
	if p.end.gently {
		expected = syscall.SIGTERM
	}
	if status, ok := exit.Sys().(syscall.WaitStatus); ok && p.end.after != "" && status.Signaled() && status.Signal() == expected {
		return false, nil
	}
	return false, fmt.Errorf("the process ended with %w, expected was %+v", exit, p.end)
}

// quiet waits until the endpoint has done with all that the dead process has sent: what a process
// writes is still on its way when it dies, and would pass for a request of the next one. A
// connection of our own is accepted after all of its connections.
func (p *process) quiet(ctx context.Context) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, p.endpoint.PageURL(), http.NoBody)
	if err != nil {
		return err
	}
	request.Close = true
	answer, err := new(http.Transport).RoundTrip(request)
	if err != nil {
		return err
	}
	if err := answer.Body.Close(); err != nil {
		return err
	}
	return p.endpoint.Wait(ctx, func(t receiver.Totals) bool { return t.Answered == t.Requests && t.Open == 0 })
}
