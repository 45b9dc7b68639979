// Package foldertest provides folders for tests.
package foldertest
