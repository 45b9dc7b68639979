package protocol

import "strconv"

// Trace is the payload of a TRACE message, as far as a destination reads it.
type Trace struct {
	// Complete is set if the source has sent the whole stream, Incomplete if it did not and will
	// not: they are statuses of a STREAM_STATUS trace.
	Complete, Incomplete bool
	Estimate             Estimate // of an ESTIMATE trace

	Namespace []byte
	Stream    []byte

	seen bool
}

// Estimate is how many records of a stream the source expects to send in this sync, or of all
// streams if Stream is empty; 0 is no estimate.
type Estimate struct {
	Namespace, Stream []byte
	Records           int64
}

func (d *Decoder) traceMember(key []byte, i int) int {
	switch string(d.plain(key)) {
	case "stream_status":
		d.m.Trace = Trace{seen: true, Estimate: d.m.Trace.Estimate}
		return d.descend(i, 3, d.statusMember)
	case "estimate":
		d.m.Trace.Estimate = Estimate{}
		return d.descend(i, 3, d.estimateMember)
	}
	return value(d.b, i, 2)
}

// estimateMember reads an AirbyteEstimateTraceMessage. What it cannot read is no estimate: nothing
// depends on one.
func (d *Decoder) estimateMember(key []byte, i int) int {
	e, ignored := &d.m.Trace.Estimate, fault{}
	switch string(d.plain(key)) {
	case "name":
		e.Stream = nil
		return d.text(i, &e.Stream, &ignored, "")
	case "namespace":
		e.Namespace = nil
		return d.text(i, &e.Namespace, &ignored, "")
	case "row_estimate":
		end := value(d.b, i, 4)
		if e.Records = 0; end > 0 {
			e.Records, _ = strconv.ParseInt(string(d.b[i:end]), 10, 64)
		}
		return end
	}
	return value(d.b, i, 4)
}

func (d *Decoder) statusMember(key []byte, i int) int {
	t := &d.m.Trace
	switch string(d.plain(key)) {
	case "status":
		var status []byte
		end := d.text(i, &status, &d.faults.trace, "trace.stream_status.status")
		t.Complete, t.Incomplete = string(status) == "COMPLETE", string(status) == "INCOMPLETE"
		return end
	case "stream_descriptor":
		return d.descriptor(i, &t.Namespace, &t.Stream, &d.faults.trace)
	}
	return value(d.b, i, 3)
}
