package routertest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Disk is an ext4 file system in an image file, behind a loop device: what was
// not synced is only in the memory of the kernel, so a copy of the image is the
// disk as a power cut leaves it.
type Disk struct {
	t     testing.TB
	image string
	Dir   string // where it is mounted
}

// diskSize is how much a disk can hold; the image is sparse.
const diskSize = "1G"

// NeedDisks skips the test where disks cannot be made, and says what is missing.
func NeedDisks(t testing.TB) {
	t.Helper()
	var missing []string
	if os.Geteuid() != 0 {
		missing = append(missing, "root")
	}
	for _, tool := range []string{"mkfs.ext4", "losetup", "mount", "umount", "truncate", "cp"} {
		if _, err := exec.LookPath(tool); err != nil {
			missing = append(missing, tool)
		}
	}
	if len(missing) == 0 {
		if out, err := exec.Command("losetup", "--find").CombinedOutput(); err != nil {
			missing = append(missing, fmt.Sprintf("a loop device (%s)", strings.TrimSpace(string(out))))
		}
	}
	if len(missing) == 0 {
		if err := probeDisk(t); err != nil {
			missing = append(missing, fmt.Sprintf("the right to mount a loop device (%v)", err))
		}
	}
	if len(missing) > 0 {
		t.Skip("a disk of its own cannot be made here; missing: ", strings.Join(missing, ", "))
	}
}

func probeDisk(t testing.TB) error {
	d := &Disk{t: t, image: filepath.Join(t.TempDir(), "probe"), Dir: t.TempDir()}
	if err := d.format("16M"); err != nil {
		return err
	}
	if err := d.mount(); err != nil {
		return err
	}
	return run("umount", d.Dir)
}

// NewDisk makes an empty disk and mounts it until the test ends.
func NewDisk(t testing.TB) *Disk {
	t.Helper()
	return NewDiskOf(t, diskSize)
}

// NewDiskOf is NewDisk with a size, such as "256M".
func NewDiskOf(t testing.TB, size string) *Disk {
	t.Helper()
	d := &Disk{t: t, image: filepath.Join(t.TempDir(), "disk"), Dir: t.TempDir()}
	if err := d.format(size); err != nil {
		t.Fatal(err)
	}
	d.use()
	return d
}

// Cut gives the disk as a power cut would leave it now, mounted, its journal
// replayed. Who writes to it must have been stopped (SIGSTOP), so that the copy
// is of one moment.
func (d *Disk) Cut() *Disk {
	d.t.Helper()
	copied := &Disk{t: d.t, image: filepath.Join(d.t.TempDir(), "cut"), Dir: d.t.TempDir()}
	if err := run("cp", "--sparse=always", d.image, copied.image); err != nil {
		d.t.Fatal(err)
	}
	return copied
}

// PowerOn mounts a disk that was cut: its journal is replayed.
func (d *Disk) PowerOn() {
	d.t.Helper()
	d.use()
}

func (d *Disk) use() {
	d.t.Helper()
	if err := d.mount(); err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(d.Unmount)
}

// Unmount lets go of the disk. It may come twice.
func (d *Disk) Unmount() {
	if d.Dir == "" {
		return
	}
	if err := run("umount", d.Dir); err != nil {
		d.t.Error(err)
	}
	d.Dir = ""
}

func (d *Disk) format(size string) error {
	if err := run("truncate", "-s", size, d.image); err != nil {
		return err
	}
	return run("mkfs.ext4", "-q", "-E", "lazy_itable_init=1", d.image)
}

// mount lets the kernel commit its journal by itself as seldom as it may: what
// reaches the image is then what was synced, and nothing moves while it is
// copied.
func (d *Disk) mount() error {
	return run("mount", "-o", "loop,commit=300", d.image, d.Dir)
}

func run(name string, args ...string) error {
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, strings.TrimSpace(string(out)))
	}
	return nil
}
