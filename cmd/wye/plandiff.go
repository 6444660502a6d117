package main

import "strings"

// linesDiffer shows how a text differs from another, line by line: what both have
// begins with two spaces, what is gone with "- ", and what has come with "+ ".
func linesDiffer(before, after string) (lines []string) {
	old, new := linesOf(before), linesOf(after)
	if len(old)*len(new) > comparedMost {
		return append(marked("- ", old), marked("+ ", new)...)
	}
	common := commonLines(old, new)
	i, k := 0, 0
	for i < len(old) || k < len(new) {
		switch {
		case i < len(old) && k < len(new) && old[i] == new[k]:
			lines = append(lines, "  "+old[i])
			i, k = i+1, k+1
		case k == len(new) || i < len(old) && common[i+1][k] >= common[i][k+1]:
			lines = append(lines, "- "+old[i])
			i++
		default:
			lines = append(lines, "+ "+new[k])
			k++
		}
	}
	return lines
}

// comparedMost bounds the pairs of lines that are compared.
const comparedMost = 1 << 20

func marked(mark string, lines []string) []string {
	all := make([]string, len(lines))
	for i, line := range lines {
		all[i] = mark + line
	}
	return all
}

func linesOf(text string) []string {
	text = strings.TrimRight(text, "\n")
	if text == "" {
		return nil
	}
	return strings.Split(text, "\n")
}

// commonLines has how many lines two texts have in common from each pair of lines
// on. A condition has few.
func commonLines(old, new []string) [][]int {
	common := make([][]int, len(old)+1)
	for i := range common {
		common[i] = make([]int, len(new)+1)
	}
	for i := len(old) - 1; i >= 0; i-- {
		for k := len(new) - 1; k >= 0; k-- {
			if old[i] == new[k] {
				common[i][k] = 1 + common[i+1][k+1]
			} else {
				common[i][k] = max(common[i+1][k], common[i][k+1])
			}
		}
	}
	return common
}
