package main

import (
	"bytes"
	"net"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/wye-events/wye/rules"
)

// completed is what a shell is offered at the end of a command line, without the
// descriptions, and the directive that comes with it. The shell leaves out what
// does not begin as the last word does.
func completed(t *testing.T, line ...string) (words []string, directive string) {
	t.Helper()
	var out, talk bytes.Buffer
	c := newCommand()
	c.SetArgs(append([]string{cobra.ShellCompNoDescRequestCmd}, line...))
	c.SetOut(&out)
	c.SetErr(&talk)
	if err := c.Execute(); err != nil {
		t.Fatalf("%q: %v", line, err)
	}
	words = strings.Fields(out.String())
	if said, ok := strings.CutPrefix(talk.String(), "Completion ended with directive: "); !ok || strings.Count(said, "\n") != 1 {
		t.Errorf("%q: said %q besides", line, talk.String())
	}
	return words[:len(words)-1], words[len(words)-1]
}

const (
	noFiles    = ":4"
	noSpace    = ":6"
	extensions = ":8"
	onlyDirs   = ":16"
	anyFiles   = ":0"
)

// TestCompletion tries what needs no server.
func TestCompletion(t *testing.T) {
	t.Setenv("WYE_SERVER", "127.0.0.1:1")
	ruleSet := []string{"--rules", "../../rules.yaml"}
	for _, tt := range []struct {
		line, want []string
		directive  string
	}{
		{[]string{"sch"}, []string{"schema"}, noFiles},
		{[]string{"schema", "print", ""}, []string{"rules", "tests"}, noFiles},
		{[]string{"schema", "print", "rules", ""}, nil, noFiles},
		{[]string{"check", ""}, []string{"yaml", "yml"}, extensions},
		{[]string{"check", "--schemas", ""}, nil, onlyDirs},
		{[]string{"serve", "--rules", ""}, []string{"yaml", "yml"}, extensions},
		{[]string{"serve", "--data", ""}, nil, onlyDirs},
		{[]string{"serve", "--sync", ""}, []string{"durable", "always", "relaxed"}, noFiles},
		{[]string{"serve", "--log-format="}, []string{"text", "json"}, noFiles},
		{[]string{"serve", "--grace", ""}, nil, noFiles},
		{[]string{"check", "--format", ""}, checkFormats, noFiles},
		{[]string{"target", "list", "-o", ""}, []string{"table", "json", "yaml"}, noFiles},
		{[]string{"target", "pause", "x", "--reason", ""}, nil, noFiles},
		{[]string{"dead", "list", "--reason", ""}, []string{"attempts", "expired", "loop", "orphaned", "permanent", "rule_error"}, noFiles},
		{[]string{"send", "--mode", ""}, []string{"binary", "structured", "batched"}, noFiles},
		{[]string{"send", "--data", ""}, nil, noFiles},
		{[]string{"bench", "--binary", ""}, nil, anyFiles},
		{[]string{"explain", ""}, []string{"json", "jsonl", "ndjson"}, extensions},
		{[]string{"explain", "x.json", ""}, nil, noFiles},
		{append(append([]string{"explain", "x.json"}, ruleSet...), "--rule", ""), []string{"large-orders", "order-history"}, noFiles},
		{append(append([]string{"explain", "x.json"}, ruleSet...), "--expect", "a,"), []string{"a,large-orders", "a,order-history"}, noSpace},
		{[]string{"explain", "x.json", "--rules", "missing.yaml", "--rule", ""}, nil, noFiles},
		{[]string{"version", ""}, nil, noFiles},
	} {
		words, directive := completed(t, tt.line...)
		if !slices.Equal(words, tt.want) || directive != tt.directive {
			t.Errorf("%q: offered %q and %s, want %q and %s", tt.line, words, directive, tt.want, tt.directive)
		}
	}
}

// TestCodesComplete holds that every code can be asked for, with what it means.
func TestCodesComplete(t *testing.T) {
	words, directive := completed(t, "check", "--explain", "")
	if len(words) != len(rules.Codes()) || !slices.Contains(words, "WYE065") || directive != noFiles {
		t.Errorf("offered %q and %s", words, directive)
	}
}

// TestCompletionIsSilent holds that TAB neither waits for long nor says anything
// where no server answers: because there is none, or because it hangs.
func TestCompletionIsSilent(t *testing.T) {
	hangs, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer hangs.Close()
	for _, server := range []string{"127.0.0.1:1", hangs.Addr().String(), "no address", "ftp://x"} {
		for _, line := range []string{
			"target pause SERVER", "dead list SERVER --target", "replay SERVER --rule", "dead show SERVER", "operation stop SERVER",
		} {
			t.Run(server+" "+line, func(t *testing.T) {
				t.Parallel()
				line := append(strings.Fields(line), "")
				line[slices.Index(line, "SERVER")] = "--server=" + server
				began := time.Now()
				if words, directive := completed(t, line...); len(words) > 0 || directive != noFiles && directive != ":36" {
					t.Errorf("offered %q and %s", words, directive)
				}
				if took := time.Since(began); took > 20*completeWithin {
					t.Errorf("it took %s", took)
				}
			})
		}
	}
}

// TestCompletionTables holds that the tables of complete.go speak of commands and
// flags that there are, and that what is a file is completed as one.
func TestCompletionTables(t *testing.T) {
	flags, commands := map[string]bool{}, map[string]bool{}
	file := regexp.MustCompile(`^(rule )?file\b|^directory\b|\bthis file\b`)
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		path := c.CommandPath()
		commands[path] = true
		if regexp.MustCompile(`PATH|FILE`).MatchString(c.Use) && c.ValidArgsFunction == nil && c.Flags().Lookup("events") == nil {
			t.Errorf("%s takes files, and completes none", c.UseLine())
		}
		c.Flags().VisitAll(func(f *pflag.Flag) {
			for p := c; p != nil; p = p.Parent() {
				flags[p.CommandPath()+" "+f.Name] = true
			}
			flags[f.Name] = true
			complete, ok := c.GetFlagCompletionFunc(f.Name)
			if f.Value.Type() == "string" && file.MatchString(f.Usage) && (!ok || complete == nil) {
				t.Errorf("%s --%s is a file, and is not completed: %s", path, f.Name, f.Usage)
			}
			if (f.Name == "format" || f.Name == "output") && !ok {
				t.Errorf("%s --%s has a few values, and is not completed; see addOutput and addFormat", path, f.Name)
			}
		})
		for _, sub := range c.Commands() {
			walk(sub)
		}
	}
	walk(newCommand())
	for flag := range completeFlags {
		if !flags[flag] {
			t.Errorf("there is no flag %s", flag)
		}
	}
	for command := range completeArgs {
		if !commands[command] {
			t.Errorf("there is no command %s", command)
		}
	}
}
