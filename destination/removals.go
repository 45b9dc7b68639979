package destination

import (
	"fmt"
	"iter"

	"destination-webhook/batching"
	"destination-webhook/destination/snapshot"
)

// removals goes over the rows that left.
type removals struct {
	stream int
	next   func() (snapshot.Row, error, bool)
	stop   func()
	row    batching.Row
}

// sweep prepares the removals of the next stream that has some; nil where there is none.
func (r *run) sweep() (*removals, error) {
	for r.swept < len(r.routes.all) {
		i := r.swept
		r.swept++
		route := r.routes.all[i]
		a := route.audience
		if a == nil {
			continue
		}
		leave, err := a.sweep(r.config, route.title())
		if err != nil {
			return nil, err
		}
		if a.refresh.kept != "" && a.removes(false) {
			r.progress.log.Warn(fmt.Sprintf("stream %s: rows that left are not removed: %s", route.title(), a.refresh.kept))
		}
		if leave {
			next, stop := iter.Pull2(a.Unseen())
			// A mode that sends no removals has them all the same, in silence: so the snapshot forgets the rows.
			row := batching.Row{Open: []byte(`{"data":`), Suppressed: !a.removes(false)}
			return &removals{stream: i, next: next, stop: stop, row: row}, nil
		}
	}
	return nil, nil
}

// remove adds rows that left to the pipeline, until there are no more or the house is full.
func (r *run) remove() error {
	for r.leaving != nil && !r.pipeline.Full() {
		left, err, more := r.leaving.next()
		if err != nil {
			return err
		}
		if !more {
			r.leaving.stop()
			r.leaving = nil
			return nil
		}
		row := &r.leaving.row
		if row.Data = left.Data; row.Data == nil {
			row.Data = []byte("{}") // the snapshot keeps no rows: the key has to do
		}
		row.Close = append(append(append(row.Close[:0], `,"operation":"removed","primary_key":`...), left.Key...), '}')
		row.Metadata = left.Version.Append(append(row.Metadata[:0], marked))
		row.Key = r.encoders[r.leaving.stream].hash(left.Key)
		r.routes.all[r.leaving.stream].audience.found[snapshot.Removed]++
		r.pipeline.Add(r.streams[r.leaving.stream], row, r.now)
	}
	return nil
}
