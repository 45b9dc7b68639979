// Package disk is a folder on a disk that may be full, fail or never answer.
//
// What a database does in the folder goes through Files, which watches each call. The first failure
// of a write, or a call that does not return within a minute, ends all work in the folder: it is
// reported once, and that call and every later write never return. So whoever works in the folder
// does it by Run, which does not wait any longer after a failure. The folder is then abandoned, as
// it is, with its lock.
//
// Before a database is opened, Open refuses what another user controls, what holds anything but a
// database, what is in use, and files that are not those that WriteChecksum has seen. What is
// stored in the database is not known here.
package disk
