package journal

// maxIDs bounds how many Webhook-Ids are remembered; 65 million rows in batches of 1000 reach it.
const maxIDs = 1 << 16

// maxID is the length of the longest Webhook-Id that is remembered. Ours is a digest; a sender must
// not be able to fill the memory with longer ones.
const maxID = 256

// ids remembers Webhook-Ids, the oldest out first. It is not safe for concurrent use.
type ids struct {
	known map[string]*seen
	order []string // oldest first
}

// seen is what is known of one Webhook-Id.
type seen struct {
	attempts int
	accepted bool
	run      string // for which it was counted last
	rows     int64  // as which it was counted
}

func newIDs() ids { return ids{known: map[string]*seen{}} }

// find returns what is known of an id, and remembers it from now on.
func (i *ids) find(id string) *seen {
	if id == "" || len(id) > maxID {
		return &seen{}
	}
	if s, known := i.known[id]; known {
		return s
	}
	if len(i.order) == maxIDs {
		delete(i.known, i.order[0])
		i.order = i.order[1:]
	}
	s := &seen{}
	i.known[id], i.order = s, append(i.order, id)
	return s
}
