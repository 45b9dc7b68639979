package main

import (
	"fmt"
	"slices"

	"destination-webhook/bench/shape"
)

// Members of configs.
const (
	large   = `"batching":{"max_rows":100000}`
	signed  = large + `,"signing":{"secret":"whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="}`
	gzipped = large + `,"delivery":{"compression":"gzip"}`
	zipped  = large + `,"delivery":{"compression":"zstd"}`
)

// stateEvery is how many rows there are between two states.
const stateEvery = 10_000

// comparisons are all that is measured, with the targets of docs/performance.md.
func comparisons(o *options) []comparison {
	return slices.Concat(shapes(o), settings(o), latency(o), repeating(o))
}

// input is what a program is fed of a shape, unless a contender has an input of its own.
func (o *options) input(s shape.Shape) input {
	return input{Shape: s.String(), Rows: s.Rows(o.rows), Streams: 1, States: stateEvery, Times: 1}
}

// changed is the input of the chosen shape, with a change.
func (o *options) changed(change func(*input)) *input {
	i := o.input(o.chosen())
	change(&i)
	return &i
}

func (o *options) chosen() shape.Shape {
	chosen, _ := shape.Parse(o.shape) // parseOptions has
	return chosen
}

// shapes compares batch sizes on records of each shape.
func shapes(o *options) []comparison {
	return []comparison{
		{"typical", o.input(shape.Typical), []contender{
			{name: "floor", program: "floor"},
			{name: "1,000,000-byte batches", members: large},
			{name: "default config", want: 0.36},
			{name: "keyed, 1,000,000-byte batches", members: large, keyed: true},
			{name: "keyed, default config", keyed: true},
			{name: "a map per line, net/http", program: "naive", input: o.changed(func(i *input) { i.Rows = max(1, i.Rows/10) })},
		}},
		{"narrow", o.input(shape.Narrow), []contender{
			{name: "floor", program: "floor"},
			{name: "1,000,000-byte batches", members: large},
			{name: "default config", want: 0.35},
		}},
		{"wide", o.input(shape.Wide), []contender{
			{name: "floor", program: "floor"},
			{name: "1,000,000-byte batches", members: large, want: 0.55},
			{name: "default config"},
		}},
	}
}

// settings compares what the config, the input and the machine can change, on records of the chosen
// shape.
func settings(o *options) []comparison {
	in := o.input(o.chosen())
	rows := in.Rows
	return []comparison{
		{"encodings", in, []contender{
			{name: "plain", members: large},
			{name: "signed", members: signed, want: 0.85},
			{name: "gzip alone, one core", program: "gzip"},
			{name: "gzip", members: gzipped},
			{name: "zstd", members: zipped},
		}},
		{"states", in, []contender{
			{name: "a state every 10,000 rows", members: large},
			{name: "a state every 100 rows", members: large, input: o.changed(func(i *input) { i.States = 100 })},
			{name: "a state every row", members: large, input: o.changed(func(i *input) { i.States = 1 })},
		}},
		{"streams", in, []contender{
			{name: "1 stream"},
			{name: "100 streams in turn", input: o.changed(func(i *input) { i.Streams = 100 })},
			{name: "10,000 streams in turn", input: o.changed(func(i *input) { i.Streams = 10_000 })},
		}},
		{"cores", in, []contender{
			{name: "1 core", cores: 1},
			{name: "2 cores", cores: 2},
			{name: "all cores"},
		}},
		{"formats", in, []contender{
			{name: "envelope", keyed: true},
			{name: "array", keyed: true, members: `"payload":{"format":"array"}`, want: 0.95},
			{name: "ndjson", keyed: true, members: `"payload":{"format":"ndjson"}`, want: 0.95},
			{name: "transform of five fields", keyed: true, members: `"payload":{"format":"ndjson","transform":"{id, email, name, score, active}"}`},
			{name: "transform of whole rows", keyed: true, members: `"payload":{"format":"ndjson","transform":"del(.note)"}`},
		}},
		{"tls", in, []contender{
			{name: "HTTP/1.1", members: large, endpoint: []string{"-tls", "h1"}},
			{name: "HTTP/2", members: large, endpoint: []string{"-tls", "h2"}},
		}},
		{"length", in, []contender{
			{name: fmt.Sprintf("%d rows", rows), members: large},
			{name: fmt.Sprintf("%d rows", rows/10), members: large, input: o.changed(func(i *input) { i.Rows = max(1, i.Rows/10) })},
			{name: fmt.Sprintf("%d rows", 10*rows), members: large, input: o.changed(func(i *input) { i.Times = 10 })},
		}},
	}
}

// latency compares numbers of requests in flight at an endpoint that takes 100 ms to answer. n of
// them can bring n × 10,000 rows a second; each number is fed what takes ten seconds then: the
// program begins with one request and doubles their number with each round of answers.
func latency(o *options) []comparison {
	var all []comparison
	for _, keyed := range []bool{false, true} {
		c := comparison{name: "100 ms"}
		if keyed {
			c.name = "100 ms, keyed"
		}
		for _, n := range []int{1, 4, 16, 64} {
			in := input{Shape: o.shape, Rows: 10_000 * n, Streams: 1, States: stateEvery, Times: 10}
			if o.short {
				in.Rows, in.Times = 2000*n, 1
			}
			c.contenders = append(c.contenders, contender{
				name: fmt.Sprintf("%d in flight", n), keyed: keyed, endpoint: []string{"-latency", "100ms"},
				members: fmt.Sprintf(`"delivery":{"max_concurrent_requests":%d}`, n),
				input:   &in,
				want:    0.95 * float64(n),
			})
		}
		all = append(all, c)
	}
	return all
}

// repeating compares updates of repeating keys with rows of unique keys, at an endpoint that takes
// 100 ms to answer.
func repeating(o *options) []comparison {
	var all []comparison
	for _, n := range []int{4, 16, 64} {
		c := comparison{name: fmt.Sprintf("repeating keys, %d in flight", n)}
		for _, k := range []struct {
			name string
			keys keys
			want float64
		}{
			{"unique keys", keys{}, 0},
			{"1,000,000 keys", keys{Among: 1_000_000}, 0.8},
			{"100,000 keys", keys{Among: 100_000}, 0.8},
			{"1,000,000 keys, Zipf 1.1", keys{Among: 1_000_000, Zipf: 1.1}, 0},
		} {
			in := input{Shape: o.shape, Rows: 10_000 * n, Streams: 1, States: stateEvery, Times: 10, Keys: k.keys}
			if o.short {
				in.Rows, in.Times = 2000*n, 1
			}
			c.contenders = append(c.contenders, contender{
				name: k.name, keyed: true, endpoint: []string{"-latency", "100ms"}, input: &in, want: k.want,
				members: fmt.Sprintf(`"batching":{"partitions":64},"delivery":{"max_concurrent_requests":%d}`, n),
			})
		}
		all = append(all, c)
	}
	return all
}
