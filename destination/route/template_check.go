package route

import (
	"fmt"

	"destination-webhook/destination/config"
)

// checkEndpoints refuses URLs for which the stream has no values, and requests that would not say
// which row they are about.
func (r *Route) checkEndpoints(c *config.Config) error {
	for _, operation := range r.used {
		e := r.To(operation)
		if problem := r.endpointProblem(e); problem != "" {
			return fmt.Errorf("stream %s: the URL of its %s rows %s", r.Title(), operationName(operation), problem)
		}
		if e.Bodyless && !e.NamesRow() {
			return fmt.Errorf("stream %s: a request without a body and with a URL that names no row would not say which row is %s: set operations.%s.body to row, or a url such as https://api.example.com/users/{primary_key}",
				r.Title(), operationName(operation), operationName(operation))
		}
	}
	if err := r.checkManifest(); err != nil {
		return err
	}
	return r.checkRemoved(c)
}

func operationName(operation string) string {
	if operation == upserted {
		return "upserted"
	}
	return operation
}

// endpointProblem returns what the stream lacks for a URL; empty if it lacks nothing.
func (r *Route) endpointProblem(e *Endpoint) string {
	switch t := e.template; {
	case t == nil:
		return ""
	case t.KeyFields() > 0 && len(r.Key) == 0:
		return "has {primary_key}, and the stream has no primary key: choose one in the connection, or set streams[].primary_key"
	case t.KeyFields() > len(r.Key):
		return fmt.Sprintf("has {primary_key.%d}, and the primary key has %d fields, which are counted from 0", t.KeyFields()-1, len(r.Key))
	case t.NeedsNamespace() && r.Stream.Namespace == "":
		return "has {namespace}, and the stream has no namespace: set streams[].url to one without it"
	}
	return ""
}

// checkRemoved refuses a URL of removed rows that needs what the snapshot does not keep.
func (r *Route) checkRemoved(c *config.Config) error {
	finds := c.Snapshot.Chosen() && (r.Mode == config.Mirror || r.Mode == config.Remove)
	if finds && !c.Snapshot.KeepRows && r.To(removed).fields != nil {
		return fmt.Errorf("stream %s: the URL of its removed rows has a field of the data, which the snapshot does not keep: use {primary_key}, or switch snapshot.keep_rows on", r.Title())
	}
	return nil
}
