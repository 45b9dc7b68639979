// Package bucket is the one S3 client of the project, for snapshots and dead letters.
//
// It knows four verbs on objects below one prefix, and writes with a condition, which is what makes
// a bucket safe to share between syncs. It works with any S3-compatible service that honors
// If-Match and If-None-Match on PUT. No error of this package holds a credential, a signature or a
// URL.
package bucket
