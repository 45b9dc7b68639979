package payload

import "destination-webhook/protocol"

// The members of a row are part of the contract with the endpoint, and so is their order. The
// record's data is spliced in between rowOpen and the rest as it came.
const (
	rowOpen         = `{"data":`
	operationMember = `,"operation":"`
	keyMember       = `,"primary_key":`
	emittedAtMember = `,"emitted_at":`
	changesMember   = `,"changes":`
)

var open = []byte(rowOpen)

// appendClose appends what follows the data of a row. key is the value of primary_key, empty if
// there is none. The record's metadata is added if record is not nil.
func appendClose(dst []byte, operation Operation, key []byte, record *protocol.Record) []byte {
	if operation != Upserted {
		dst = append(append(append(dst, operationMember...), operation...), '"')
	}
	if len(key) > 0 {
		dst = append(append(dst, keyMember...), key...)
	}
	if record != nil {
		dst = appendMember(dst, emittedAtMember, record.EmittedAt)
		dst = appendMember(dst, changesMember, record.Changes)
	}
	return append(dst, '}')
}

func appendMember(dst []byte, name string, value []byte) []byte {
	if value == nil {
		return dst
	}
	return append(append(dst, name...), value...)
}

var rowFields = protocol.NewLookup([]string{"data"}, []string{"primary_key"}, []string{"operation"})

// Row is what a row says, whether its format shows it or not.
type Row struct {
	Data       []byte
	PrimaryKey []byte // as JSON; nil if there is none
	Operation  Operation
}

// readRow reads a row that shows its members.
func readRow(row []byte) Row {
	fields := rowFields.Find(row, nil)
	r := Row{Data: fields[0], PrimaryKey: fields[1]}
	if quoted := fields[2]; quoted != nil {
		r.Operation = Operation(quoted[1 : len(quoted)-1])
	}
	return r
}
