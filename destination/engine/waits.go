package engine

import "time"

// Waits is how long a sync had nothing to do.
type Waits struct {
	Source   time.Duration // for input, while the endpoint could have taken more
	Endpoint time.Duration // for answers, while there was input, or after its end
}

// Waits returns how long the sync has waited so far.
func (e *Engine) Waits() Waits { return e.waits }
