// Package leaks holds the program to its promise that no secret of a config leaves it, but to where
// it belongs: endpoints that echo all they were told, in every way that a delivery can fail, and a
// search of all output for every secret in every form.
package leaks
