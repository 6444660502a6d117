package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/wye-events/wye/schemas"
)

func newSchemaCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of the rule file, for editors",
		Args:  cobra.NoArgs,
		RunE:  func(*cobra.Command, []string) error { return errors.New("schema: say print") },
	}
	c.AddCommand(newSchemaPrintCommand())
	return c
}

func newSchemaPrintCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "print [" + strings.Join(schemaNames(), "|") + "]",
		Short: "Print a JSON Schema: " + schemaTopics(),
		Long: `Prints a JSON Schema (2020-12), by which editors complete and check what is written:
` + schemaTopics() + `. A running Wye serves the same at /api/v1/schema and
/api/v1/schema/NAME of its admin address.

With this first line, a rule file names its schema to editors:

  # yaml-language-server: $schema=rules.schema.json`,
		Example: `  wye schema print > rules.schema.json`,
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			d, err := schemaNamed(append(args, schemas.Documents()[0].Name)[0])
			if err != nil {
				return err
			}
			if _, err := cmd.OutOrStdout().Write(d.Schema); err != nil {
				return failed(err)
			}
			return nil
		},
	}
}

func schemaNamed(name string) (schemas.Document, error) {
	for _, d := range schemas.Documents() {
		if d.Name == name {
			return d, nil
		}
	}
	return schemas.Document{}, fmt.Errorf("there is no schema %q; expected %s", plain(name, 80), oneOf(schemaNames()))
}

func schemaNames() (names []string) {
	for _, d := range schemas.Documents() {
		names = append(names, d.Name)
	}
	return names
}

// schemaTopics says what the schemas are of: "rules (the rule file)".
func schemaTopics() string {
	var topics []string
	for _, d := range schemas.Documents() {
		topics = append(topics, d.Name+" ("+d.About+")")
	}
	return oneOf(topics)
}
