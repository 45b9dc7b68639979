// Package report is what a sync tells of itself: progress and a summary for people, and a file for
// programs. It knows what was counted, and nothing of how it is sent.
package report
