package targets

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
)

// MaxSecret bounds a secret file, in bytes: a token or a key fits, a wrong path
// that leads to a database does not.
const MaxSecret = 64 << 10

// Secret is a text after its references were resolved. However it is printed,
// logged or encoded, it shows where the value comes from and never the value;
// only [Secret.Reveal] gives it, where a request is built.
type Secret struct {
	refs string // the references, for people; empty where there are none
	// hidden gives the text with the references replaced by their values, and
	// each value on its own. It is a function because fmt prints the unexported
	// fields of a struct that holds a Secret without asking its methods, and
	// looks through pointers for some verbs; into a function it cannot look.
	hidden func() (text string, parts []string)
}

// Resolve replaces the references in text by what they name now:
//
//	${env:NAME}       the environment variable NAME
//	${file:/abs/path} the file's content, without one newline at its end
//
// A text without references resolves to itself. A reference that cannot be
// resolved, or gives nothing, is an error that names it and shows no content.
// What a reference gives is not searched for references again.
func Resolve(text string) (Secret, error) {
	var out strings.Builder
	var refs, parts []string
	rest := text
	for {
		before, after, found := strings.Cut(rest, "${")
		out.WriteString(before)
		if !found {
			break
		}
		ref, tail, closed := strings.Cut(after, "}")
		if !closed {
			return Secret{}, errors.New("a reference that starts with ${ has no closing }; write ${env:NAME} or ${file:/path}")
		}
		value, err := lookup(ref)
		if err != nil {
			return Secret{}, fmt.Errorf("${%s}: %w", ref, err)
		}
		out.WriteString(value)
		refs, parts, rest = append(refs, "${"+ref+"}"), append(parts, value), tail
	}
	hidden := func() (string, []string) { return out.String(), parts }
	return Secret{strings.Join(refs, " "), hidden}, nil
}

func lookup(ref string) (string, error) {
	kind, name, _ := strings.Cut(ref, ":")
	var value string
	var err error
	switch kind {
	case "env":
		value, err = fromEnv(name)
	case "file":
		value, err = fromFile(name)
	default:
		return "", errors.New("unknown kind of reference; write ${env:NAME} or ${file:/path}")
	}
	if err == nil && value == "" {
		err = errors.New("it is empty; give it a value")
	}
	return value, err
}

func fromEnv(name string) (string, error) {
	if name == "" {
		return "", errors.New("the variable has no name; write ${env:NAME}")
	}
	value, ok := os.LookupEnv(name)
	if !ok {
		return "", errors.New("the environment variable is not set; set it where Wye is started")
	}
	return value, nil
}

func fromFile(path string) (string, error) {
	if !filepath.IsAbs(path) {
		return "", errors.New("the path must be absolute; write ${file:/path}")
	}
	// Looked at before it is opened: opening a pipe would wait for a writer.
	info, err := os.Stat(path)
	if err != nil {
		return "", fileProblem(err)
	}
	if !info.Mode().IsRegular() {
		return "", errors.New("it is not a regular file; name the file that holds the secret")
	}
	return readSecret(path)
}

func readSecret(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", fileProblem(err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, MaxSecret+1))
	if err != nil {
		return "", fileProblem(err)
	}
	if len(data) > MaxSecret {
		return "", fmt.Errorf("the file is larger than %d KiB; name the file that holds only the secret", MaxSecret>>10)
	}
	text := strings.TrimSuffix(string(data), "\n")
	return strings.TrimSuffix(text, "\r"), nil
}

func fileProblem(err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return errors.New("there is no such file; create or mount it")
	case errors.Is(err, fs.ErrPermission):
		return errors.New("the file may not be read by the user that Wye runs as; give that user the permission")
	}
	return errors.New("the file could not be read; look at the disk and the mount")
}

// Reveal is the value. Keep what it returns out of every text that leaves the
// process.
func (s Secret) Reveal() string {
	if s.hidden == nil {
		return ""
	}
	text, _ := s.hidden()
	return text
}

// Parts are the values of the references, each on its own: what must not be
// shown even where the text around it may.
func (s Secret) Parts() []string {
	if s.hidden == nil {
		return nil
	}
	_, parts := s.hidden()
	return parts
}

// String names the references.
func (s Secret) String() string {
	if s.refs == "" {
		return "[secret]"
	}
	return "[secret " + s.refs + "]"
}

// Format shows what String shows, whatever the verb.
func (s Secret) Format(f fmt.State, _ rune) { io.WriteString(f, s.String()) }

// GoString shows what String shows.
func (s Secret) GoString() string { return s.String() }

// MarshalText shows what String shows, also as JSON and as YAML.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// LogValue shows what String shows.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }
