package cli

import (
	"fmt"
	"io"
	"os"
	"unicode/utf8"

	"golang.org/x/term"
)

// progressLine is the last line of a terminal, drawn again and again. Whoever writes another line
// clears it before and draws it after.
type progressLine struct {
	w    io.Writer // nil: there is no terminal
	text string
}

// clear removes the line and draw brings it back; the cursor stays at the line's beginning.
func (p *progressLine) clear() {
	if p.w != nil && p.text != "" {
		_, _ = io.WriteString(p.w, "\r\x1b[K")
	}
}

func (p *progressLine) draw() {
	if p.w != nil && p.text != "" {
		_, _ = fmt.Fprintf(p.w, "\r\x1b[K%s", cut(p.text, width(p.w)-1))
	}
}

// defaultWidth is the width of a terminal that does not tell, in columns.
const defaultWidth = 80

func width(w io.Writer) int {
	if f, ok := w.(*os.File); ok {
		if columns, _, err := term.GetSize(int(f.Fd())); err == nil && columns > 0 {
			return columns
		}
	}
	return defaultWidth
}

// cut shortens text to this many characters: a line that wraps could not be cleared.
func cut(text string, columns int) string {
	if utf8.RuneCountInString(text) <= columns {
		return text
	}
	return string([]rune(text)[:max(0, columns-1)]) + "…"
}
