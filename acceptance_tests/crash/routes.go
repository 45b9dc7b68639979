package main

import "math/rand/v2"

// routes are how the rows of a table find their way.
type routes string

const (
	oneRoute   routes = "one"   // one URL for all rows
	someRoutes routes = "some"  // added rows have one URL, others have their own
	allRoutes  routes = "every" // each row has its own URL
)

// drawRoutes chooses by a generator of its own, so that a seed draws the rest of its plan as ever.
func drawRoutes(seed uint64) routes {
	return pick(rand.New(rand.NewPCG(seed, 2)), oneRoute, someRoutes, allRoutes)
}

// add puts the routes into a config.
func (r routes) add(config map[string]any, url string) {
	own := url + "/rows/{primary_key}"
	if r == oneRoute {
		return
	}
	config["operations"] = map[string]any{
		"changed": map[string]any{"method": "PATCH", "url": own},
		"removed": map[string]any{"method": "DELETE", "url": own},
	}
	if r == allRoutes {
		config["url"] = own
	}
}
