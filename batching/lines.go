package batching

import "slices"

// lines are the lines of the input that the rows of a batch came from. Rows without a line
// cost nothing, nor do those from consecutive lines.
type lines struct {
	runs []lineRun
	next int64 // the line of the next row, if that belongs to the last run; 0: none is kept
}

// lineRun is a run of rows that came from consecutive lines, or that have no line.
type lineRun struct {
	row  int32 // its first
	line int64 // of that row; 0: none is kept
}

// add keeps the line of row i, which comes last; 0: none.
func (l *lines) add(i int, line int64) {
	if line != l.next {
		l.runs = append(l.runs, lineRun{int32(i), line})
	}
	l.next = following(line)
}

func following(line int64) int64 {
	if line == 0 {
		return 0
	}
	return line + 1
}

// of returns the line of row i; 0 if none is kept.
func (l *lines) of(i int) int64 {
	n, _ := slices.BinarySearchFunc(l.runs, int32(i)+1, func(r lineRun, row int32) int { return int(r.row - row) })
	if n == 0 || l.runs[n-1].line == 0 {
		return 0
	}
	return l.runs[n-1].line + int64(i) - int64(l.runs[n-1].row)
}

// truncate takes out the lines of the rows from row n on, which is not the first.
func (l *lines) truncate(n int) {
	kept, _ := slices.BinarySearchFunc(l.runs, int32(n), func(r lineRun, row int32) int { return int(r.row - row) })
	l.runs = l.runs[:kept]
	l.next = following(l.of(n - 1))
}

// Line is the line of the input that row i came from; 0 if it was not given.
func (b *Batch) Line(i int) int64 { return b.lines.of(i) }
