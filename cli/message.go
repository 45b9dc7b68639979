package cli

import "fmt"

// message is what a person sees of a protocol message.
type message struct {
	Type string
	Log  struct{ Level, Message string }

	ConnectionStatus struct{ Status, Message string }

	State struct {
		Type   string
		Stream struct {
			Descriptor struct{ Name, Namespace string } `json:"stream_descriptor"`
		}
		Counts struct{ RecordCount, RejectedRecordCount float64 } `json:"destinationStats"`
	}

	Trace struct {
		Error struct {
			Message string
			Failure string `json:"failure_type"`
		}
	}
}

// describe returns a label and a text for the message; an empty text if there is nothing to show.
// Unless all is set it shows only what needs attention.
func (m *message) describe(all bool) (label, text string) {
	switch m.Type {
	case "LOG":
		if all || m.Log.Level == "WARN" || m.Log.Level == "ERROR" || m.Log.Level == "FATAL" {
			return m.Log.Level, m.Log.Message
		}
	case "STATE":
		if all {
			return m.Type, m.state()
		}
	case "TRACE":
		if m.Trace.Error.Message != "" {
			return "ERROR", m.Trace.Error.Message + "\n  Next: " + nextSteps[m.Trace.Error.Failure]
		}
	case "CONNECTION_STATUS":
		return m.ConnectionStatus.Status, m.ConnectionStatus.Message
	}
	return "", ""
}

// nextSteps says what to do after a failure of each type.
var nextSteps = map[string]string{
	"config_error":    "correct what the message names, then run the sync again; it continues after the last state.",
	"transient_error": "run the sync again later; it continues after the last state.",
	"system_error":    "look the message up in docs/troubleshooting.md; the next sync continues after the last state.",
}

func (m *message) state() string {
	name := "all streams"
	if s := m.State.Stream.Descriptor; s.Name != "" {
		name = s.Name
		if s.Namespace != "" {
			name = s.Namespace + "." + s.Name
		}
	}
	text := fmt.Sprintf("%s: %.0f more rows are confirmed", name, m.State.Counts.RecordCount)
	if rejected := m.State.Counts.RejectedRecordCount; rejected > 0 {
		text += fmt.Sprintf(", %.0f rejected", rejected)
	}
	return text
}
