// Package report turns results into Markdown that is also readable as it is.
package report

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// table is a Markdown table with columns of even width.
type table struct {
	head []string
	rows [][]string
}

func (t *table) row(cells ...string) { t.rows = append(t.rows, cells) }

func (t *table) String() string {
	widths := make([]int, len(t.head))
	for _, row := range append([][]string{t.head}, t.rows...) {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	var text strings.Builder
	line := func(row []string, fill string) {
		for i, width := range widths {
			cell := row[i]
			text.WriteString("| " + cell + strings.Repeat(fill, width-utf8.RuneCountInString(cell)) + " ")
		}
		text.WriteString("|\n")
	}
	line(t.head, " ")
	dashes := make([]string, len(t.head))
	line(dashes, "-")
	for _, row := range t.rows {
		line(row, " ")
	}
	return text.String()
}

func seconds(value float64) string { return fmt.Sprintf("%.2f", value) }
func rate(value float64) string    { return fmt.Sprintf("%.0f", value) }
func millis(value float64) string  { return fmt.Sprintf("%.1f", value) }
func number(value int) string      { return fmt.Sprint(value) }
