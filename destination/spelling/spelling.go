// Package spelling finds what a mistyped name means.
package spelling

import "strings"

// maxCompared is the longest name that a similar one is looked for, in bytes: the time to compare
// two names grows with the product of their lengths.
const maxCompared = 100

// Nearest returns the candidate that a mistyped name most likely means, or "" if none is near:
// at most half of the name's letters may differ.
func Nearest(name string, candidates []string) string {
	nearest, least := "", len(name)/2+1
	for _, candidate := range candidates {
		if max(len(name), len(candidate)) > maxCompared {
			continue
		}
		if d := Distance(strings.ToLower(name), strings.ToLower(candidate)); d < least {
			nearest, least = candidate, d
		}
	}
	return nearest
}

// Distance returns how many bytes must be inserted, deleted or replaced to turn a into b
// (Levenshtein). It works row by row.
func Distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replaced := diagonal
			if a[i] != b[j] {
				replaced++
			}
			diagonal = row[j+1]
			row[j+1] = min(replaced, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}
