package report

import "destination-webhook/destination/printable"

// Console is where a person watches a sync, beside the messages on stdout.
type Console interface {
	// Progress replaces the line of progress; an empty one removes it.
	Progress(line string)
	// Print shows text that stays.
	Print(text string)
	// ShowsLog reports whether the log appears there as well, so that it need not repeat what
	// Progress and Print show.
	ShowsLog() bool
}

// maskedConsole masks secrets in what it shows.
type maskedConsole struct {
	Console
	redact func(string) string
}

// Masked returns a console that masks secrets; nil if c is nil.
func Masked(c Console, redact func(string) string) Console {
	if c == nil {
		return nil
	}
	return maskedConsole{c, redact}
}

func (m maskedConsole) Progress(line string) { m.Console.Progress(printable.Text(m.redact(line))) }
func (m maskedConsole) Print(text string)    { m.Console.Print(printable.Text(m.redact(text))) }
