package journal

import "time"

// chartSeconds is how far back the charts of the page go.
const chartSeconds = 120

// chart counts rows and bytes per second of the last two minutes. The zero value is empty.
type chart struct {
	seconds [chartSeconds]Second
}

// Second is one bar of the chart.
type Second struct {
	At    int64 `json:"at"` // Unix seconds
	Rows  int64 `json:"rows"`
	Bytes int64 `json:"bytes"`
}

func (c *chart) add(now time.Time, rows, bytes int64) {
	at := now.Unix()
	s := &c.seconds[at%chartSeconds]
	if s.At != at {
		*s = Second{At: at}
	}
	s.Rows += rows
	s.Bytes += bytes
}

// since returns the seconds from the given one to now in order, without those that had no traffic.
func (c *chart) since(from, now int64) []Second {
	var seconds []Second
	for at := max(from, now-chartSeconds+1); at <= now; at++ {
		if s := c.seconds[at%chartSeconds]; s.At == at {
			seconds = append(seconds, s)
		}
	}
	return seconds
}
