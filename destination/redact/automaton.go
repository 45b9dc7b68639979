package redact

// automaton finds forms in a text in one pass. It is Aho and Corasick's, "Efficient string
// matching: an aid to bibliographic search", 1975. Its nodes are the beginnings of forms; the first
// one is the empty text.
type automaton struct {
	nodes []node
	first [256]int32 // the children of the first node
}

type node struct {
	char           byte  // the last one of this beginning
	child, sibling int32 // 0: there is none
	fail           int32 // the longest end of this beginning that is one itself
	depth          int32 // length of this beginning
	form           int32 // length of the longest form that it ends with
}

func newAutomaton(forms []string) *automaton {
	a := &automaton{nodes: make([]node, 1)}
	for _, form := range forms {
		at := int32(0)
		for i := range len(form) {
			at = a.grow(at, form[i])
		}
		a.nodes[at].form = a.nodes[at].depth
	}
	a.link()
	return a
}

// grow returns the node after at, which it adds if there is none.
func (a *automaton) grow(at int32, char byte) int32 {
	if next := a.next(at, char); next != 0 {
		return next
	}
	added := int32(len(a.nodes)) //nolint:gosec // bounded by the size of the config
	a.nodes = append(a.nodes, node{char: char, sibling: a.nodes[at].child, depth: a.nodes[at].depth + 1})
	a.nodes[at].child = added
	if at == 0 {
		a.first[char] = added
	}
	return added
}

// link sets fail and form of every node, those of shorter beginnings first.
func (a *automaton) link() {
	for queue := []int32{0}; len(queue) > 0; queue = queue[1:] {
		parent := &a.nodes[queue[0]]
		for c := parent.child; c != 0; c = a.nodes[c].sibling {
			n := &a.nodes[c]
			if queue[0] != 0 {
				n.fail = a.step(parent.fail, n.char)
			}
			n.form = max(n.form, a.nodes[n.fail].form)
			queue = append(queue, c)
		}
	}
}

func (a *automaton) next(at int32, char byte) int32 {
	if at == 0 {
		return a.first[char]
	}
	c := a.nodes[at].child
	for c != 0 && a.nodes[c].char != char {
		c = a.nodes[c].sibling
	}
	return c
}

// step returns the longest beginning that a text ends with after char.
func (a *automaton) step(at int32, char byte) int32 {
	for {
		if next := a.next(at, char); next != 0 || at == 0 {
			return next
		}
		at = a.nodes[at].fail
	}
}

// matcher finds forms in a text whose bytes come one after the other.
type matcher struct {
	known *automaton
	at    int32
}

// next takes the next byte, and returns the length of the longest form that the text ends with; 0
// if it ends with none.
func (m *matcher) next(char byte) (length int) {
	if m.at == 0 { // as it mostly is
		m.at = m.known.first[char]
	} else {
		m.at = m.known.step(m.at, char)
	}
	return int(m.known.nodes[m.at].form)
}

// begun returns how much of the text's end could be the beginning of a form.
func (m *matcher) begun() int { return int(m.known.nodes[m.at].depth) }

// find calls found with the bounds of every form in a text, and returns how much of the text's end
// could be the beginning of one.
func (a *automaton) find(text string, found func(from, to int)) (begun int) {
	m := matcher{known: a}
	for i := range len(text) {
		if n := m.next(text[i]); n > 0 {
			found(i+1-n, i+1)
		}
	}
	return m.begun()
}
