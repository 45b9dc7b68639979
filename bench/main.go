// Bench measures the built program end to end, in ratios that carry from machine to machine:
// against a floor that posts the same bytes and looks at none, through a real pipe, into an
// endpoint that discards, each in a process of its own, in turn with what it is compared to.
// docs/performance.md explains the table.
//
//	go run ./bench                          everything, about half an hour
//	go run ./bench -short                   every comparison once and small, to see that it runs
//	go run ./bench -only typical -runs 9    one comparison
package main

import (
	"flag"
	"fmt"
	"os"
	"regexp"

	"destination-webhook/bench/shape"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1) //nolint:forbidigo // this is main
	}
}

// run measures, unless the first argument names a part that the bench has started itself in.
func run(args []string) error {
	if len(args) > 0 {
		if part, ok := parts[args[0]]; ok {
			return part(args[1:])
		}
	}
	o, err := parseOptions(args)
	if err != nil {
		return err
	}
	return measure(o)
}

// parts are the processes of a measurement besides the program itself.
var parts = map[string]func(args []string) error{
	"feed":     feed,
	"endpoint": endpoint,
	"floor":    floor,
	"naive":    naive,
	"gzip":     compressAlone,
}

// options are what a person asks for.
type options struct {
	binary string
	rows   int
	runs   int
	shape  string
	only   *regexp.Regexp
	json   string
	short  bool
}

func parseOptions(args []string) (*options, error) {
	o := &options{}
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	f.StringVar(&o.binary, "binary", "", "the program to measure (default: it is built)")
	f.IntVar(&o.rows, "rows", 1_000_000, "typical rows of a run; other shapes have as many bytes")
	f.IntVar(&o.runs, "runs", 5, "runs of each contender")
	f.StringVar(&o.shape, "shape", shape.Typical.String(), "shape of the rows where a comparison does not fix it")
	only := f.String("only", "", "comparisons to run, a regular expression on their names (default: all)")
	f.StringVar(&o.json, "json", "", "write the results to this file")
	f.BoolVar(&o.short, "short", false, "one small run of each")
	if err := f.Parse(args); err != nil {
		return nil, err
	}
	if o.short {
		o.rows, o.runs = 20_000, 1
	}
	var err error
	if _, err = shape.Parse(o.shape); err != nil {
		return nil, err
	}
	o.only, err = regexp.Compile(*only)
	return o, err
}
