package main

import (
	"fmt"
	"io"
	"text/tabwriter"
)

// printTable writes a comparison for people.
func printTable(w io.Writer, results []result) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(t, "%s\trows/s\tMB/s\tratio\tlowest–highest\ttarget\tCPU s/M rows\tratio\tpeak MiB\trequests\tconnections\t\n", results[0].Comparison)
	for i := range results {
		r := &results[i]
		fmt.Fprintf(t, "%s\t%.0f k\t%.0f\t%.2f\t%.2f–%.2f\t%s\t%.2f\t%.2f\t%.0f\t%d\t%d\t\n",
			r.Name, r.RowsPerSecond/1e3, r.BytesPerSecond/1e6, r.ThroughputRatio, r.Lowest, r.Highest, r.verdict(),
			r.CPUPerMillionRows, r.CPURatio, float64(r.PeakRSS)/(1<<20), r.Requests, r.Connections)
	}
	_ = t.Flush()
	fmt.Fprintln(w)
}

// verdict says what the target is and whether it is reached.
func (r *result) verdict() string {
	switch {
	case r.Target == 0:
		return "–"
	case r.ThroughputRatio >= r.Target:
		return fmt.Sprintf("≥ %.2f", r.Target)
	}
	return fmt.Sprintf("≥ %.2f missed", r.Target)
}
