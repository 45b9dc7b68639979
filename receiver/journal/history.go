package journal

import "time"

// historySeconds is how far back the charts of the page go.
const historySeconds = 120

// history counts rows and bytes per second of the last two minutes. The zero value is empty.
type history struct {
	seconds [historySeconds]Second
}

// Second is one bar of the chart.
type Second struct {
	At    int64 `json:"at"` // Unix seconds
	Rows  int64 `json:"rows"`
	Bytes int64 `json:"bytes"`
}

func (h *history) add(now time.Time, rows, bytes int64) {
	at := now.Unix()
	s := &h.seconds[at%historySeconds]
	if s.At != at {
		*s = Second{At: at}
	}
	s.Rows += rows
	s.Bytes += bytes
}

// since returns the seconds from the given one to now in order, without those that had no traffic.
func (h *history) since(from, now int64) []Second {
	var seconds []Second
	for at := max(from, now-historySeconds+1); at <= now; at++ {
		if s := h.seconds[at%historySeconds]; s.At == at {
			seconds = append(seconds, s)
		}
	}
	return seconds
}
