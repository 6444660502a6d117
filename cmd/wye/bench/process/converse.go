package process

import (
	"bufio"
	"encoding/json"
	"io"

	"github.com/wye-events/wye/cmd/wye/bench/measure"
)

// hello is the first line that a role writes, when it is ready.
type hello struct {
	Addr string `json:"addr,omitempty"`
}

// Converse is the role's side: it says that it is ready, and where it listens,
// and answers every line that comes with a tally. It ends with its input, so
// that no part outlives a benchmark that was killed.
func Converse(in io.Reader, out io.Writer, addr string, answer func(command string) measure.Tally) error {
	to := json.NewEncoder(out)
	if err := to.Encode(hello{Addr: addr}); err != nil {
		return err
	}
	commands := bufio.NewScanner(in)
	for commands.Scan() {
		if err := to.Encode(answer(commands.Text())); err != nil {
			return err
		}
	}
	return commands.Err()
}
