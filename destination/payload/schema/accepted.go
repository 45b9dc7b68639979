package schema

import (
	"maps"
	"slices"

	"destination-webhook/destination/config"
	"destination-webhook/destination/route"
)

// deleted is a condition on data by which the source marks a deleted row.
func deleted() object {
	return object{"properties": object{"_ab_cdc_deleted_at": object{"not": object{"type": "null"}}}, "required": []string{"_ab_cdc_deleted_at"}}
}

// accepted returns the user's schema of what is sent of a row.
func accepted(r *route.Route, place string) any {
	return titled(sourceSchema([]byte(r.Payload.Schema), place), "What payload.schema accepts of stream "+r.Title())
}

// constrain makes the schema of a row that shows its operation as strict as the user's schema of
// its data, against which removed rows are not held.
func (c *Contract) constrain(row object, r *route.Route, place string) {
	operations, _ := c.operations(r)
	switch {
	case r.Payload.Schema == "" || r.Mode == config.Remove:
	case slices.Contains(operations, "removed"):
		row["if"] = object{"properties": object{"operation": object{"const": "removed"}}, "required": []string{"operation"}}
		row["else"] = object{"properties": object{"data": accepted(r, place+"/else/properties/data")}}
	default:
		row["allOf"] = []any{object{"properties": object{"data": accepted(r, place+"/allOf/0/properties/data")}}}
	}
}

// bareRow returns the schema of a row that is its data alone. What removes a row looks like others:
// its source may mark it, else it may be any row.
func (c *Contract) bareRow(r *route.Route, place string) any {
	operations, _ := c.operations(r)
	if r.Payload.Schema == "" || r.Mode == config.Remove {
		return c.data(r, r.Configured, place)
	}
	data := c.data(r, r.Configured, place+"/allOf/0")
	var constraint any
	switch {
	case !slices.Contains(operations, "removed"):
		constraint = accepted(r, place+"/allOf/1")
	case r.Payload.Transform == "" && !c.config.Snapshot.Chosen():
		constraint = object{"if": deleted(), "else": accepted(r, place+"/allOf/1/else")}
	default:
		removed := object{"title": "A removed row, which is not held against payload.schema"}
		constraint = object{"anyOf": []any{accepted(r, place+"/allOf/1/anyOf/0"), removed}}
	}
	return object{"allOf": []any{data, constraint}}
}

// form returns the schema of a row as form fields. The user's schema is about the row before.
func (c *Contract) form(r *route.Route, place string) object {
	s := object{
		"title": "A batch of stream " + r.Title(), "description": "Form fields: one for each member of a row.",
		"type": "object", "additionalProperties": object{"type": "string"},
	}
	if r.Payload.Schema != "" && r.Mode != config.Remove {
		maps.Copy(s, object{
			"description": "Form fields: one for each member of a row. Before, its data fits $defs/row, unless it is removed.",
			"$defs":       object{"row": accepted(r, place+"/$defs/row")},
		})
	}
	return s
}
