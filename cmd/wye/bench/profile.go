package bench

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"runtime/pprof"
	"strings"
	"time"
)

// startProfile profiles this process, where path is not empty.
func startProfile(path string) (stop func(), err error) {
	if path == "" {
		return func() {}, nil
	}
	f, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return nil, err
	}
	return func() {
		pprof.StopCPUProfile()
		f.Close()
	}, nil
}

// fetchProfile has Wye profile itself for a while.
func fetchProfile(ctx context.Context, url, path string, d time.Duration) error {
	url = fmt.Sprintf("%s/debug/pprof/profile?seconds=%d", url, max(1, int(d.Seconds())))
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.Copy(f, answer.Body)
	return err
}

// profilePath is the file for the profile of a process in a row.
func (s *stage) profilePath(process string) string {
	row := strings.NewReplacer(" ", "-", ",", "", "/", "-").Replace(s.name)
	return filepath.Join(s.cfg.Profile, row+"."+process+".prof")
}
