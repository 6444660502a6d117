package deliverybench

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// aside is the share of deliveries that went through a backlog.
func (st *stage) aside(ctx context.Context) (float64, error) {
	stored, err := st.metric(ctx, "wye_backlog_stored_total")
	if err != nil || stored == 0 {
		return 0, err
	}
	return stored / float64(max(1, st.ledger.deliveries.Count())), nil
}

// metric is the sum of one of Wye's metrics over all its labels.
func (st *stage) metric(ctx context.Context, name string) (sum float64, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, st.admin+"/metrics", nil)
	if err != nil {
		return 0, err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, st.wye.Broken(err)
	}
	defer answer.Body.Close()
	for lines := bufio.NewScanner(answer.Body); lines.Scan(); {
		series, value, ok := strings.Cut(lines.Text(), " ")
		if bare, _, _ := strings.Cut(series, "{"); !ok || bare != name {
			continue
		}
		v, err := strconv.ParseFloat(value, 64)
		if err != nil {
			return 0, fmt.Errorf("read the metric %s: %w", name, err)
		}
		sum += v
	}
	return sum, nil
}
