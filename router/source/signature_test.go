package source

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/hiddeco/sshsig"
	"golang.org/x/crypto/ssh"

	"github.com/wye-events/wye/rules"
)

// payload is what is signed of a commit.
func payload(t testing.TB, c *object.Commit) []byte {
	t.Helper()
	unsigned := *c
	unsigned.PGPSignature = ""
	s, err := signatureOf(&unsigned)
	if err != nil {
		t.Fatal(err)
	}
	return s.text
}

func newPGP(t testing.TB, name string) (*openpgp.Entity, string) {
	t.Helper()
	e, err := openpgp.NewEntity(name, "", name+"@example.com", &packet.Config{Algorithm: packet.PubKeyAlgoEdDSA})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	w, err := armor.Encode(&out, openpgp.PublicKeyType, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Serialize(w); err != nil {
		t.Fatal(err)
	}
	w.Close()
	return e, out.String() + "\n"
}

func pgpSigner(t testing.TB, e *openpgp.Entity) func(*object.Commit) {
	return func(c *object.Commit) {
		var out bytes.Buffer
		if err := openpgp.ArmoredDetachSign(&out, e, bytes.NewReader(payload(t, c)), nil); err != nil {
			t.Fatal(err)
		}
		c.PGPSignature = out.String() + "\n"
	}
}

func sshSigner(t testing.TB, key ssh.Signer, namespace string) func(*object.Commit) {
	return func(c *object.Commit) {
		sig, err := sshsig.Sign(bytes.NewReader(payload(t, c)), key, sshsig.HashSHA512, namespace)
		if err != nil {
			t.Fatal(err)
		}
		c.PGPSignature = string(sshsig.Armor(sig))
	}
}

// spoiled signs something else.
func spoiled(sign func(*object.Commit)) func(*object.Commit) {
	return func(c *object.Commit) {
		other := *c
		other.Message = "something else\n"
		sign(&other)
		c.PGPSignature = other.PGPSignature
	}
}

func TestSignatures(t *testing.T) {
	alice, aliceKey := newPGP(t, "alice")
	bob, bobKey := newPGP(t, "bob")
	carol, _ := newKey(t)
	dave, _ := newKey(t)
	line := func(who, options string, key ssh.Signer) string {
		return strings.TrimSpace(who+" "+options) + " " + strings.TrimSpace(string(ssh.MarshalAuthorizedKey(key.PublicKey()))) + "\n"
	}
	pgp, both, trusted := aliceKey, aliceKey+bobKey, "# who may sign\n"+line("carol@example.com", "", carol)
	for name, c := range map[string]struct {
		ring string
		sign func(*object.Commit)
		says string // "" where it is trusted
	}{
		"pgp":                           {pgp, pgpSigner(t, alice), ""},
		"pgp, the second of two":        {both, pgpSigner(t, bob), ""},
		"pgp, unsigned":                 {pgp, nil, "it is not signed"},
		"pgp, another key":              {pgp, pgpSigner(t, bob), "not in the keyring"},
		"pgp, of another text":          {pgp, spoiled(pgpSigner(t, alice)), "not right"},
		"pgp, wanted of ssh":            {pgp, sshSigner(t, carol, "git"), "signed by SSH"},
		"pgp, nonsense":                 {pgp, func(c *object.Commit) { c.PGPSignature = "nonsense\n" }, "neither"},
		"ssh":                           {trusted, sshSigner(t, carol, "git"), ""},
		"ssh, for git":                  {line("*", `namespaces="file,git"`, carol), sshSigner(t, carol, "git"), ""},
		"ssh, at the time":              {line("*", `valid-after="20200101",valid-before="20300101Z"`, carol), sshSigner(t, carol, "git"), ""},
		"ssh, unsigned":                 {trusted, nil, "it is not signed"},
		"ssh, another key":              {trusted, sshSigner(t, dave, "git"), "not in the keyring"},
		"ssh, of another text":          {trusted, spoiled(sshSigner(t, carol, "git")), "not right"},
		"ssh, meant for something else": {trusted, sshSigner(t, carol, "file"), "not right"},
		"ssh, too late":                 {line("*", `valid-before="20200101"`, carol), sshSigner(t, carol, "git"), "not valid at the time"},
		"ssh, wanted of pgp":            {trusted, pgpSigner(t, alice), "signed by OpenPGP"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRepository(t)
			r.sign = c.sign
			commit := r.set("a.yaml", "one").commit("main")
			found, err := opened(t, "git+file://"+r.dir+"#main", Options{Keyring: inFile(t, "keyring", c.ring)}).Look(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if c.says == "" {
				if len(found.Problems) > 0 || len(found.files) != 1 {
					t.Error(found.Problems)
				}
				return
			}
			if len(found.Problems) != 1 || len(found.files) > 0 {
				t.Fatal(found)
			}
			p := found.Problems[0]
			if p.Code != rules.CodeSourceSignature || !strings.Contains(p.Message, c.says) || p.File != "main@sha1:"+commit {
				t.Errorf("%+v", p)
			}
		})
	}
}

// TestKeyringChanges: who is trusted is read at each look, also for a commit that
// was read before.
func TestKeyringChanges(t *testing.T) {
	alice, aliceKey := newPGP(t, "alice")
	_, bobKey := newPGP(t, "bob")
	r := newRepository(t)
	r.sign = pgpSigner(t, alice)
	r.set("a.yaml", "one").commit("main")
	s := serveGit(t, r)
	ring := inFile(t, "keyring", bobKey)
	src := opened(t, s.at("#main"), Options{Keyring: ring})
	if found, err := src.Look(t.Context()); err != nil || len(found.Problems) != 1 {
		t.Fatal(found, err)
	}
	before := s.bytes()
	writeFile(t, ring, bobKey+aliceKey)
	saw(t, src)
	if fetched := s.bytes() - before; fetched > 2000 {
		t.Errorf("it was fetched again: %d bytes", fetched)
	}
	writeFile(t, ring, bobKey)
	if found, err := src.Look(t.Context()); err != nil || len(found.Problems) != 1 {
		t.Fatal(found, err)
	}
}

func TestKeyringsThatCannotBeUsed(t *testing.T) {
	for name, text := range map[string]string{
		"empty": "", "nonsense": "nonsense\n", "a PGP block that is none": "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nAAAA\n-----END PGP PUBLIC KEY BLOCK-----\n",
		"an authority": "* cert-authority ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJHRmcCkLyLLVdJZ4KQFpDPe3R2sOCrGnCo5FsDIfQzM\n",
	} {
		addr, err := Parse("git+file:///srv/rules.git")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Open(addr, Options{Keyring: inFile(t, "keyring", text)}); err == nil || !strings.Contains(err.Error(), "keyring") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestUnsignedText: what is signed is the commit as it is in the repository.
func TestUnsignedText(t *testing.T) {
	who := object.Signature{Name: "A", Email: "a@example.com", When: time.Unix(1_700_000_000, 0).UTC()}
	text := payload(t, &object.Commit{Author: who, Committer: who, Message: "m\n", TreeHash: plumbing.NewHash(strings.Repeat("a", 40)), PGPSignature: "x"})
	if want := "tree " + strings.Repeat("a", 40) + "\nauthor A <a@example.com> 1700000000 +0000\ncommitter A <a@example.com> 1700000000 +0000\n\nm\n"; string(text) != want {
		t.Errorf("%s", text)
	}
}
