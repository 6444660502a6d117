package rules

import (
	"math"
	"strings"
	"sync"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/env"
	"github.com/google/cel-go/common/operators"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"
	"github.com/google/cel-go/interpreter"
)

type activation = interpreter.Activation

const eventTypeName = "wye.Event"

// eventType is the type of `event`: typed attributes, see eventTypes.
var eventType = types.NewObjectType(eventTypeName, traits.IndexerType|traits.FieldTesterType)

// celEnv is the language of conditions, made once.
var celEnv = sync.OnceValue(func() *cel.Env {
	e, err := newCELEnv()
	if err != nil {
		panic("rules: the language of conditions is inconsistent: " + err.Error())
	}
	return e
})

// newCELEnv makes a language with the names that a condition sees, and more.
func newCELEnv(more ...cel.EnvOption) (*cel.Env, error) {
	labelSharedErrors()
	registry, err := types.NewRegistry()
	if err != nil {
		return nil, err
	}
	options := []cel.EnvOption{
		cel.CustomTypeAdapter(adapter{registry}),
		cel.CustomTypeProvider(&eventTypes{Provider: registry, known: attributeFields()}),
		cel.StdLib(cel.StdLibSubset(ownOperators())),
		cel.Variable("event", cel.ObjectType(eventTypeName)),
		cel.Variable("headers", cel.MapType(cel.StringType, cel.StringType)),
		cel.DefaultUTCTimeZone(true),
		cel.ParserExpressionSizeLimit(maxConditionText),
		cel.ParserRecursionLimit(maxParserRecursion),
	}
	options = append(append(options, operatorFunctions()...), more...)
	return cel.NewCustomEnv(options...)
}

// labelSharedErrors marks the two error values that cel-go shares between all
// evaluations. It writes into an error the place where it came up, unless one
// is there already; into these, from many goroutines at once.
func labelSharedErrors() {
	const nowhere = -1
	types.LabelErrNode(nowhere, types.NoSuchOverloadErr())
	types.LabelErrNode(nowhere, types.Int(math.MaxInt64).ConvertToType(types.TimestampType))
}

// ownOperators leaves out of the standard library the operators for which
// Wye has its own, because CEL's do not combine numbers of two kinds.
func ownOperators() *env.LibrarySubset {
	s := env.NewLibrarySubset()
	for _, name := range []string{
		operators.Add, operators.Subtract, operators.Multiply, operators.Divide, operators.Modulo,
		operators.Less, operators.LessEquals, operators.Greater, operators.GreaterEquals,
		operators.Equals, operators.NotEquals, operators.In,
	} {
		s.ExcludeFunctions = append(s.ExcludeFunctions, env.NewFunction(name))
	}
	return s
}

// eventTypes is what conditions know of types: CEL's own and the event.
type eventTypes struct {
	types.Provider
	known map[string]*types.FieldType
}

// FindStructType implements types.Provider.
func (p *eventTypes) FindStructType(name string) (*types.Type, bool) {
	if name == eventTypeName {
		return types.NewTypeTypeWithParam(eventType), true
	}
	return p.Provider.FindStructType(name)
}

// FindStructFieldNames implements types.Provider.
func (p *eventTypes) FindStructFieldNames(name string) ([]string, bool) {
	if name == eventTypeName {
		return standardAttributes, true
	}
	return p.Provider.FindStructFieldNames(name)
}

// FindStructFieldType implements types.Provider. Every valid attribute name is
// a field, because an event may have any extension, except a name so near a
// standard attribute's that it is a slip of the finger.
func (p *eventTypes) FindStructFieldType(name, field string) (*types.FieldType, bool) {
	if name != eventTypeName {
		return p.Provider.FindStructFieldType(name, field)
	}
	if f, ok := p.known[field]; ok {
		return f, true
	}
	if !isAttributeName(field) || slipFor(field) != "" {
		return nil, false
	}
	return attributeField(field, types.DynType), true
}

func attributeFields() map[string]*types.FieldType {
	known := map[string]*types.FieldType{}
	for _, name := range standardAttributes {
		t := types.StringType
		switch name {
		case "time":
			t = types.TimestampType
		case "data":
			t = types.DynType
		}
		known[name] = attributeField(name, t)
	}
	return known
}

func attributeField(name string, t *types.Type) *types.FieldType {
	return &types.FieldType{
		Type: t,
		IsSet: func(target any) bool {
			v, err := target.(*eventValue).attribute(name)
			return v != nil || err != nil
		},
		GetFrom: func(target any) (any, error) {
			v, err := target.(*eventValue).attribute(name)
			if v == nil && err == nil {
				err = &missingError{what: "event." + name}
			}
			return v, err
		},
	}
}

// adapter passes on what already is a value; nearly everything is.
type adapter struct{ types.Adapter }

// NativeToValue implements types.Adapter.
func (a adapter) NativeToValue(v any) ref.Val {
	if r, ok := v.(ref.Val); ok {
		return r
	}
	return a.Adapter.NativeToValue(v)
}

// standardAttributes are those of CloudEvents 1.0, and the data.
var standardAttributes = []string{
	"data", "datacontenttype", "dataschema", "id", "source", "specversion", "subject", "time", "type",
}

// documentedExtensions are those of the CloudEvents specification's own pages
// and a few in wide use: never taken for a misspelling.
var documentedExtensions = map[string]bool{
	"authclaims": true, "authid": true, "authtype": true, "bamcorrelationid": true,
	"causationid": true, "correlationid": true, "dataclassification": true, "dataref": true,
	"dataregulation": true, "deprecated": true, "deprecationfrom": true, "expirytime": true,
	"partitionkey": true, "recordedtime": true, "sampledrate": true, "sequence": true,
	"sequencetype": true, "severitynumber": true, "severitytext": true, "traceparent": true,
	"tracestate": true, "tenant": true, "subtype": true,
}

func isAttributeName(s string) bool {
	for _, r := range s {
		if (r < 'a' || r > 'z') && (r < '0' || r > '9') {
			return false
		}
	}
	return s != ""
}

// slipFor is the standard attribute that a name was probably meant to be, or
// "". Short names are near each other by chance, so they get one letter.
func slipFor(name string) string {
	if len(name) < 3 || documentedExtensions[name] {
		return ""
	}
	plain := strings.ReplaceAll(strings.ToLower(name), "_", "")
	for _, known := range standardAttributes {
		limit := 2
		if min(len(name), len(known)) < 6 {
			limit = 1
		}
		if len(known) > 3 && distance(plain, known, limit+1) <= limit {
			return known
		}
	}
	return ""
}
