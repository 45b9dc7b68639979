// Package canonical gives equal JSON values one form, so that they can be compared by a digest.
package canonical
