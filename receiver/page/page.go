// Package page is what people see of a receiver: a page for browsers, and its data.
package page

import (
	"embed"
	"encoding/json"
	"io/fs"
	"net/http"
	"time"

	"destination-webhook/receiver/faults"
	"destination-webhook/receiver/journal"
	"destination-webhook/receiver/relay"
)

// Path is where the page is, apart from any endpoint's path.
const Path = "/_/"

//go:embed static
var staticFiles embed.FS

// Options are what the page shows and to whom.
type Options struct {
	Journal *journal.Journal
	Faults  faultSetter
	Reset   func()          // forgets all requests
	Relay   *relay.Relay    // where kept requests can be sent again; nil for nowhere
	Closing <-chan struct{} // closed when the receiver ends
	Keeps   Keeps
	Signed  bool // signatures are verified

	AllowRemote bool   // the page may be asked for by other names than those of this machine
	Token       string // that opens the page; without AllowRemote it may be empty
}

// faultSetter reads and sets the faults in force.
type faultSetter interface {
	Faults() faults.Faults
	SetFaults(faults.Faults)
}

// page is safe for concurrent use.
type page struct {
	Options
	started time.Time
}

// New returns the handler of everything below Path.
func New(o Options) http.Handler {
	files, err := fs.Sub(staticFiles, "static")
	if err != nil {
		panic(err) // the name is the one that is embedded
	}
	p := &page{o, time.Now()}
	static := http.StripPrefix(Path, http.FileServerFS(files))
	mux := http.NewServeMux()
	mux.Handle("GET "+Path, static)
	mux.HandleFunc("GET "+Path+"events", p.events)
	mux.HandleFunc("GET "+Path+"requests/{id}", p.withRequest(p.showRequest))
	mux.HandleFunc("GET "+Path+"requests/{id}/rows", p.withRequest(p.showRows))
	mux.HandleFunc("GET "+Path+"requests/{id}/rows/{index}", p.withRequest(p.showValue))
	mux.HandleFunc("GET "+Path+"requests/{id}/body", p.withRequest(p.showBody))
	mux.HandleFunc("POST "+Path+"requests/{id}/replay", p.withRequest(p.replay))
	mux.HandleFunc("GET "+Path+"api/requests", p.findRequests)
	mux.HandleFunc("GET "+Path+"requests/{id}/diff/{other}", p.withRequest(p.showDiff))
	mux.HandleFunc("GET "+Path+"api/history", p.showHistory)
	mux.HandleFunc("GET "+Path+"api/table", p.showTable)
	mux.HandleFunc("GET "+Path+"api/states", p.showStates)
	mux.HandleFunc("POST "+Path+"api/states", p.addStates)
	mux.HandleFunc("GET "+Path+"api/wait", p.waitFor)
	mux.HandleFunc("POST "+Path+"api/reset", p.reset)
	mux.HandleFunc("POST "+Path+"faults", p.setFaults)
	return &access{loopbackOnly: !o.AllowRemote, token: o.Token, closing: o.Closing, next: mux}
}

// problem says what went wrong, and with which field of the form.
type problem struct {
	Field string `json:"field,omitempty"`
	Error string `json:"error"`
}

// setFaults reads the whole form: a fault that it leaves out is cleared.
func (p *page) setFaults(w http.ResponseWriter, req *http.Request) {
	var form map[string]string
	if err := json.NewDecoder(http.MaxBytesReader(w, req.Body, 16<<10)).Decode(&form); err != nil {
		writeJSON(w, http.StatusBadRequest, problem{Error: "expected an object of fault names and values"})
		return
	}
	var f faults.Faults
	for name, value := range form {
		if err := f.Set(name, value); err != nil {
			writeJSON(w, http.StatusUnprocessableEntity, problem{name, err.Error()})
			return
		}
	}
	p.Faults.SetFaults(f)
	writeJSON(w, http.StatusOK, formOf(f))
}

func writeJSON(w http.ResponseWriter, status int, content any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(content) // a browser that is gone needs no answer
}
