package source

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	pgperrors "github.com/ProtonMail/go-crypto/openpgp/errors"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/hiddeco/sshsig"
	"golang.org/x/crypto/ssh"

	"github.com/wye-events/wye/rules"
)

// signed is what a commit's signature was made over, and the signature.
type signed struct {
	text      []byte
	signature string // armored; "" for none
	at        time.Time
}

func signatureOf(c *object.Commit) (signed, error) {
	o := &plumbing.MemoryObject{}
	if err := c.EncodeWithoutSignature(o); err != nil {
		return signed{}, fmt.Errorf("the commit %s cannot be read: %w", short(c.Hash.String()), err)
	}
	r, err := o.Reader()
	if err != nil {
		return signed{}, err
	}
	text, err := io.ReadAll(r)
	return signed{text, c.PGPSignature, c.Committer.When}, err
}

// unsigned is the problem of a commit that is not signed as it must be.
func (g *repositoryAt) unsigned(s *Snapshot) *rules.Problem {
	if g.opts.Keyring == "" {
		return nil
	}
	keys, err := readKeyring(g.opts.Keyring)
	if err == nil {
		err = keys.verify(s.signed)
	}
	if err == nil {
		return nil
	}
	return &rules.Problem{
		Severity: rules.Error, Code: rules.CodeSourceSignature, File: s.Revision(),
		Message: fmt.Sprintf("the commit %s is not trusted: %s", short(s.Commit), err),
		Hint:    "sign it with a key of the keyring that --git-verify names, or add the key there",
	}
}

// keyring are the keys that may sign: of one kind or the other.
type keyring struct {
	pgp openpgp.EntityList
	ssh []allowedSigner
}

// allowedSigner is a line of an allowed-signers file, as ssh-keygen reads it.
type allowedSigner struct {
	who         string
	key         ssh.PublicKey
	after, till time.Time // zero: any time
}

// keyringMost bounds a keyring's file, in bytes.
const keyringMost = 4 << 20

// readKeyring reads the file of the keys that may sign.
func readKeyring(name string) (k keyring, err error) {
	f, err := os.Open(name)
	if err != nil {
		return k, fmt.Errorf("the keyring: %w", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, keyringMost))
	if err != nil {
		return k, fmt.Errorf("the keyring: %w", err)
	}
	if bytes.Contains(text, []byte("-----BEGIN PGP PUBLIC KEY BLOCK-----")) {
		k.pgp, err = readPGP(text)
	} else {
		k.ssh, err = readAllowedSigners(string(text))
	}
	if err == nil && len(k.pgp)+len(k.ssh) == 0 {
		err = errors.New("there is no key in it")
	}
	if err != nil {
		return k, fmt.Errorf("the keyring %s cannot be used: %w; expected armored OpenPGP public keys, or an allowed-signers file of SSH", name, err)
	}
	return k, nil
}

// readPGP reads all armored blocks of a file.
func readPGP(text []byte) (all openpgp.EntityList, err error) {
	const end = "-----END PGP PUBLIC KEY BLOCK-----"
	for _, block := range strings.SplitAfter(string(text), end) {
		if !strings.Contains(block, end) {
			continue
		}
		keys, err := openpgp.ReadArmoredKeyRing(strings.NewReader(block))
		if err != nil {
			return nil, err
		}
		all = append(all, keys...)
	}
	return all, nil
}

func readAllowedSigners(text string) (all []allowedSigner, err error) {
	for i, l := range strings.Split(text, "\n") {
		l = strings.TrimSpace(l)
		if l == "" || l[0] == '#' {
			continue
		}
		who, rest, _ := strings.Cut(l, " ")
		key, _, options, _, err := ssh.ParseAuthorizedKey([]byte(rest))
		if err != nil {
			return nil, fmt.Errorf("line %d is not of the form `NAME KIND KEY`", i+1)
		}
		s := allowedSigner{who: who, key: key}
		for _, o := range options {
			if err := s.option(o); err != nil {
				return nil, fmt.Errorf("line %d: %w", i+1, err)
			}
		}
		if s.key != nil {
			all = append(all, s)
		}
	}
	return all, nil
}

// option reads one option of a line. A key for other things than Git is left out.
func (s *allowedSigner) option(text string) (err error) {
	name, value, _ := strings.Cut(text, "=")
	value = strings.Trim(value, `"`)
	switch strings.ToLower(name) {
	case "namespaces":
		if !strings.Contains(","+value+",", ",git,") && !strings.Contains(","+value+",", ",*,") {
			s.key = nil
		}
	case "valid-after":
		s.after, err = signersTime(value)
	case "valid-before":
		s.till, err = signersTime(value)
	default:
		return fmt.Errorf("the option %q is not supported; there are namespaces, valid-after and valid-before", name)
	}
	return err
}

// signersTime reads YYYYMMDD[HHMM[SS]][Z]. Without a Z it is meant in the time zone
// of this machine.
func signersTime(text string) (time.Time, error) {
	digits, utc := strings.CutSuffix(text, "Z")
	zone := time.Local
	if utc {
		zone = time.UTC
	}
	for _, layout := range []string{"20060102", "200601021504", "20060102150405"} {
		if len(layout) == len(digits) {
			if at, err := time.ParseInLocation(layout, digits, zone); err == nil {
				return at, nil
			}
		}
	}
	return time.Time{}, fmt.Errorf("%q is not a time such as 20260131 or 20260131120000Z", text)
}

const (
	pgpBegin     = "-----BEGIN PGP SIGNATURE-----"
	sshBegin     = "-----BEGIN SSH SIGNATURE-----"
	sshNamespace = "git"
)

// verify tells why a commit is not signed by one of the keys, nil if it is.
func (k keyring) verify(s signed) error {
	text := strings.TrimSpace(s.signature)
	switch {
	case text == "":
		return errors.New("it is not signed")
	case strings.Count(text, "-----BEGIN ") > 1:
		return errors.New("it has several signatures")
	case strings.HasPrefix(text, sshBegin) && k.ssh != nil:
		return k.verifySSH(s)
	case strings.HasPrefix(text, pgpBegin) && k.pgp != nil:
		return k.verifyPGP(s)
	case strings.HasPrefix(text, sshBegin):
		return errors.New("it is signed by SSH, and the keyring has OpenPGP keys")
	case strings.HasPrefix(text, pgpBegin):
		return errors.New("it is signed by OpenPGP, and the keyring has SSH keys")
	}
	return errors.New("its signature is neither one of OpenPGP nor of SSH")
}

func (k keyring) verifyPGP(s signed) error {
	_, err := openpgp.CheckArmoredDetachedSignature(k.pgp, bytes.NewReader(s.text), strings.NewReader(s.signature), nil)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, pgperrors.ErrUnknownIssuer):
		return errors.New("its signature is by a key that is not in the keyring")
	case errors.Is(err, pgperrors.ErrKeyExpired), errors.Is(err, pgperrors.ErrKeyRevoked), errors.Is(err, pgperrors.ErrSignatureExpired):
		return fmt.Errorf("its signature does not count any more (%s)", line(err.Error()))
	}
	return fmt.Errorf("its signature is not right (%s)", line(err.Error()))
}

func (k keyring) verifySSH(s signed) error {
	sig, err := sshsig.Unarmor([]byte(s.signature))
	if err != nil {
		return fmt.Errorf("its signature cannot be read (%s)", line(err.Error()))
	}
	for _, a := range k.ssh {
		if !bytes.Equal(a.key.Marshal(), sig.PublicKey.Marshal()) {
			continue
		}
		if !a.after.IsZero() && s.at.Before(a.after) || !a.till.IsZero() && !s.at.Before(a.till) {
			return fmt.Errorf("the key of %s, which signed it, was not valid at the time of the commit", a.who)
		}
		if err := sshsig.Verify(bytes.NewReader(s.text), sig, a.key, sig.HashAlgorithm, sshNamespace); err != nil {
			return fmt.Errorf("its signature is not right (%s)", line(err.Error()))
		}
		return nil
	}
	return errors.New("its signature is by a key that is not in the keyring")
}
