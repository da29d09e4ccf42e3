package report

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
)

const (
	begin = "<!-- results: tests/bench/run --update-doc writes what follows -->\n"
	end   = "<!-- end of results -->\n"
)

// WriteJSON writes everything to a file.
func (r Report) WriteJSON(file string) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(text, '\n'), 0o644)
}

// UpdateDoc replaces what is between the marks in a Markdown file.
func (r Report) UpdateDoc(file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	head, rest, ok := strings.Cut(string(text), begin)
	_, tail, also := strings.Cut(rest, end)
	if !ok || !also {
		return fmt.Errorf("%s: no place for the results", file)
	}
	return os.WriteFile(file, []byte(head+begin+"\n"+r.Markdown()+"\n"+end+tail), 0o644)
}
