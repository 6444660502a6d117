package router

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"

	"github.com/wye-events/wye/rules"
)

// pack makes one compressed archive of sources (a .tar.gz, so that it can be
// looked at without Wye).
func pack(sources []rules.Source) ([]byte, error) {
	var out bytes.Buffer
	zip, err := gzip.NewWriterLevel(&out, gzip.BestSpeed)
	if err != nil {
		return nil, err
	}
	files := tar.NewWriter(zip)
	for _, s := range sources {
		if err := files.WriteHeader(&tar.Header{Name: s.Name, Mode: 0o600, Size: int64(len(s.Text))}); err != nil {
			return nil, err
		}
		if _, err := files.Write(s.Text); err != nil {
			return nil, err
		}
	}
	if err := errors.Join(files.Close(), zip.Close()); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// sourcesMost bounds what unpack makes of one archive: nobody's archive may
// fill the memory.
const sourcesMost = 1 << 30

// unpack is what pack packed, if it is that of a version.
func unpack(packed []byte, version string) ([]rules.Source, error) {
	zip, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, err
	}
	var sources []rules.Source
	files := tar.NewReader(io.LimitReader(zip, sourcesMost))
	for {
		h, err := files.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		text, err := io.ReadAll(files)
		if err != nil {
			return nil, err
		}
		sources = append(sources, rules.Source{Name: h.Name, Text: text})
	}
	if _, err := io.Copy(io.Discard, zip); err != nil { // its check sum comes last
		return nil, err
	}
	if got := rules.Version(sources...); got != rules.ContentOf(version) {
		return nil, fmt.Errorf("they are those of version %s", got)
	}
	return sources, nil
}
