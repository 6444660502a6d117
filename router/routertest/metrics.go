package routertest

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/wye-events/wye/router"
	"github.com/wye-events/wye/router/api"
)

// Metrics is what /metrics says: the values by series, such as
// wye_deliveries_total{outcome="delivered",target="web"}.
func (p *Process) Metrics() map[string]float64 {
	p.t.Helper()
	res, err := client.Get("http://" + p.admin + "/metrics")
	if err != nil {
		p.t.Fatal("ask for the metrics: ", err)
	}
	defer res.Body.Close()
	all := map[string]float64{}
	for lines := bufio.NewScanner(res.Body); lines.Scan(); {
		at := strings.LastIndexByte(lines.Text(), ' ')
		if at < 0 || strings.HasPrefix(lines.Text(), "#") {
			continue
		}
		if all[lines.Text()[:at]], err = strconv.ParseFloat(lines.Text()[at+1:], 64); err != nil {
			p.t.Fatal("the metrics cannot be read: ", lines.Text())
		}
	}
	return all
}

// Audit is the account of all that is kept, as /api/v1/audit gives it.
func (p *Process) Audit() *router.AuditReport {
	p.t.Helper()
	patient := http.Client{Transport: client.Transport} // a million events take a while, and the answer tells how far it is
	res, err := patient.Get("http://" + p.admin + "/api/v1/audit")
	if err != nil {
		p.t.Fatal("ask for an audit: ", err)
	}
	defer res.Body.Close()
	for lines := json.NewDecoder(res.Body); ; {
		var line api.AuditLine
		err := lines.Decode(&line)
		if errors.Is(err, io.EOF) || line.Problem != "" {
			err = fmt.Errorf("%s without a report: %s", res.Status, line.Problem)
		}
		if err != nil {
			p.t.Fatal("read an audit: ", err)
		}
		if line.Report != nil {
			return line.Report
		}
	}
}
