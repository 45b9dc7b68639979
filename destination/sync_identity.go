package destination

import (
	"cmp"
	"crypto/rand"
	"strconv"

	"destination-webhook/destination/route"
)

// syncIdentity is what all attempts of a sync share, and no other sync. Without a snapshot a
// Webhook-Id covers it.
type syncIdentity struct {
	flag, job string
	replay    bool // of dead letters
}

func (p *Program) syncIdentity() syncIdentity {
	return syncIdentity{flag: p.SyncID, job: cmp.Or(p.Getenv("WORKER_JOB_ID"), "process "+rand.Text())}
}

// of returns the identity of the sync for one stream: the one that the user gave, else the
// catalog's, else the job's of the platform. If there is none, no two processes belong to one sync,
// so that nothing passes for a repetition by mistake.
func (s syncIdentity) of(r *route.Route) string {
	if s.replay {
		// What is sent is named by how it was rejected, so that a replay that is repeated repeats
		// its ids.
		return "replay"
	}
	switch id := r.Configured.SyncID; {
	case s.flag != "":
		return "flag " + s.flag
	case id > 1: // PyAirbyte gives every sync the same one, 0 or 1
		return "sync " + strconv.FormatInt(id, 10)
	}
	return s.job
}
