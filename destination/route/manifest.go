package route

import (
	"cmp"
	"fmt"
	"net/http"

	"destination-webhook/destination/config"
)

// manifestEndpoint makes the endpoint of a stream's manifest. address is where its rows go.
func manifestEndpoint(m config.Manifest, address string, header http.Header) *Endpoint {
	header = header.Clone()
	header.Set("Content-Type", "application/json")
	return newEndpoint(config.OperationRoute{Method: m.Method, URL: cmp.Or(m.URL, address)}, header)
}

// checkManifest refuses a URL of the manifest that names a row, or what the stream lacks.
func (r *Route) checkManifest() error {
	if r.Manifest == nil {
		return nil
	}
	problem := r.endpointProblem(r.Manifest)
	if r.Manifest.NamesRow() {
		problem = "names the row, and a manifest is about none: set manifest.url"
	}
	if problem == "" {
		return nil
	}
	return fmt.Errorf("stream %s: the URL of its manifest %s", r.Title(), problem)
}

// SetHeader sets a header of all requests about the stream.
func (r *Route) SetHeader(name, value string) {
	for _, e := range r.operations {
		e.Header.Set(name, value)
	}
	r.Header.Set(name, value)
	if r.Manifest != nil {
		r.Manifest.Header.Set(name, value)
	}
}
