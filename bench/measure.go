package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
)

// result is the medians of one contender's runs. The ratios are to the first contender of its
// comparison, each the median of the ratios within one round, in which every contender had its
// turn: what slows the machine for a while slows both sides.
type result struct {
	Comparison, Name      string
	Rows                  int
	Runs                  []sample
	RowsPerSecond         float64
	BytesPerSecond        float64
	CPUPerMillionRows     float64 // seconds
	PeakRSS               int64   // bytes
	Requests, Connections int64
	ThroughputRatio       float64
	CPURatio              float64
	Lowest, Highest       float64 // throughput ratio of all rounds
	Target                float64 `json:",omitempty"`
}

// measure runs every comparison that is asked for.
func measure(o *options) error {
	if o.binary == "" {
		dir, err := os.MkdirTemp("", "bench")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir) //nolint:errcheck // it is the system's to clean up otherwise
		o.binary = filepath.Join(dir, "destination-webhook")
		build := exec.Command("go", "build", "-o", o.binary, ".")
		build.Stderr = os.Stderr
		if err := build.Run(); err != nil {
			return fmt.Errorf("building the program: %w", err)
		}
	}
	var all []result
	for _, c := range comparisons(o) {
		if !o.only.MatchString(c.name) {
			continue
		}
		results, err := c.measure(o)
		if err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
		printTable(os.Stdout, results)
		all = append(all, results...)
	}
	if o.json == "" {
		return nil
	}
	text, err := json.MarshalIndent(all, "", "\t")
	if err != nil {
		return err
	}
	return os.WriteFile(o.json, append(text, '\n'), 0o600)
}

// measure lets the contenders take turns.
func (c *comparison) measure(o *options) ([]result, error) {
	results := make([]result, len(c.contenders))
	for range o.runs {
		for n := range c.contenders {
			s, err := c.contenders[n].once(o, c.in(n))
			if err != nil {
				return nil, err
			}
			results[n].Runs = append(results[n].Runs, *s)
		}
	}
	for n := range results {
		r := &results[n]
		r.Comparison, r.Name, r.Rows = c.name, c.contenders[n].name, c.in(n).total()
		if !o.short { // a small run says nothing of speed
			r.Target = c.contenders[n].want
		}
		r.summarize(&results[0])
	}
	return results, nil
}

// speed and cost are of one run, per row.
func (r *result) speed(run int) float64 { return float64(r.Rows) / r.Runs[run].Seconds }
func (r *result) cost(run int) float64  { return r.Runs[run].CPU / float64(r.Rows) }

func (r *result) summarize(base *result) {
	median := func(f func(run int) float64) float64 { return sorted(len(r.Runs), f)[len(r.Runs)/2] }
	ratio := func(run int) float64 { return r.speed(run) / base.speed(run) }
	r.RowsPerSecond = median(r.speed)
	r.BytesPerSecond = median(func(run int) float64 { return float64(r.Runs[run].Fed) / r.Runs[run].Seconds })
	r.CPUPerMillionRows = 1e6 * median(r.cost)
	r.PeakRSS = int64(median(func(run int) float64 { return float64(r.Runs[run].PeakRSS) }))
	r.Requests, r.Connections = r.Runs[0].Received.Requests, r.Runs[0].Received.Connections
	r.ThroughputRatio = median(ratio)
	r.CPURatio = median(func(run int) float64 { return r.cost(run) / base.cost(run) })
	ratios := sorted(len(r.Runs), ratio)
	r.Lowest, r.Highest = ratios[0], ratios[len(ratios)-1]
}

// sorted returns the values of f for all runs, in order.
func sorted(runs int, f func(run int) float64) []float64 {
	values := make([]float64, runs)
	for run := range values {
		values[run] = f(run)
	}
	slices.Sort(values)
	return values
}
