// SPDX-License-Identifier: GPL-2.0-only
/* Signatures over images, made by the openssl command with certificates of the test's own. */
#include <errno.h>
#include <fcntl.h>

#include "model/check.h"
#include "model_test.h"
#include "test_tree.h"
#include "util/read_text.h"
#include "util/signature.h"

/* The CA, its signers, somebody else, and somebody else who calls himself as the CA does. */
static const char make_all[] =
	"set -e; cd %s; exec >log 2>&1\n"
	"root() { openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "
	"$1.key "
	"-out $1.pem -days 30 -subj \"/CN=$2\" ${3:+-addext $3}; }\n"
	"issue() { openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout $1.key "
	"-out "
	"$1.csr -subj \"/CN=$2\"; printf '%%s\\n' \"$5\" >$1.ext; openssl x509 -req -in $1.csr -CA "
	"$3.pem -CAkey $3.key -CAcreateserial -days $4 -extfile $1.ext -out $1.pem; }\n"
	"root ca 'Plant CA'; root stranger Stranger; root twin 'Plant CA'\n"
	"issue release Release ca 30 extendedKeyUsage=codeSigning\n"
	"issue plain Plain ca 30 ''\n"
	"issue expired Expired ca -1 ''\n"
	"issue web Web ca 30 extendedKeyUsage=serverAuth\n"
	"issue cipher Cipher ca 30 keyUsage=keyEncipherment\n"
	"issue middle Middle ca 30 basicConstraints=CA:TRUE\n"
	"issue deep Deep middle 30 ''\n"
	"issue below Below release 30 ''\n"
	"issue forged Release twin 30 ''\n"
	"openssl req -x509 -newkey rsa:1024 -nodes -keyout weak.key -out weak.pem -days 30 -subj "
	"/CN=Weak\n"
	"openssl x509 -in release.pem -outform DER -out release.der\n"
	"printf 'the image' >image\n"
	"sign() { openssl cms -sign -binary -in image -signer $1.pem -inkey $1.key -outform "
	"${2:-DER} "
	"\"${@:3}\"; }\n"
	"for n in release plain expired web cipher below stranger forged weak; do sign $n >$n.p7s; "
	"done\n"
	"sign deep DER -certfile middle.pem >deep.p7s\n"
	"sign release PEM >pem.p7s\n"
	"openssl smime -sign -binary -in image -signer release.pem -inkey release.key -outform PEM "
	">smime.p7s\n"
	"sign release DER -nocerts >nocerts.p7s\n"
	"sign release DER -nodetach >attached.p7s\n"
	"sign release DER -md sha1 >sha1.p7s\n"
	"sign release DER -signer stranger.pem -inkey stranger.key >two.p7s\n"
	"openssl crl2pkcs7 -nocrl -certfile release.pem -outform DER >nobody.p7s\n"
	"openssl cms -encrypt -binary -in image -outform DER release.pem >encrypted.p7s "
	"2>/dev/null ||\n"
	"	openssl cms -data_create -in image -outform DER >encrypted.p7s\n"
	"head -c 100 release.p7s >cut.p7s; echo nonsense >nonsense.p7s; : >empty.p7s\n";

static const struct {
	const char *trusted;   /* files, by their names in trusted.d */
	const char *signature; /* and of this file */
	const char *text;      /* of the refusal; NULL: it is taken */
	const char *what;
} cases[] = {
	{"ca.pem", "release", NULL, "one that the CA has issued a certificate for"},
	{"ca.pem", "plain", NULL, "one whose certificate does not say what it is for"},
	{"ca.pem", "pem", NULL, "a signature in PEM"},
	{"ca.pem", "smime", NULL, "PKCS#7 as smime writes it"},
	{"ca.pem", "deep", NULL, "one below another CA whose certificate comes along"},
	{"release.pem", "release", NULL, "the signer's own certificate"},
	{"release.crt", "release", NULL, "the same as NAME.crt"},
	{"release.der.crt", "release", NULL, "the same in DER"},
	{"stranger.pem", "stranger", NULL, "a certificate of its own making that is trusted"},
	{"release.pem", "nocerts", NULL, "a signature without the certificate, which is here"},
	{"stranger.pem ca.pem", "release", NULL, "with other certificates beside it"},
	{"nonsense.pem ca.pem", "release", NULL, "with a file beside it that is no certificate"},
	{"ca.pem", "nocerts", "neither in the signature nor known here", "no certificate at all"},
	{"ca.pem", "stranger", "\"CN = Stranger\", for whom no certificate in", "a stranger"},
	{"stranger.pem", "release", "\"CN = Release\", for whom no certificate in", "another CA"},
	{"twin.pem", "release", "\"CN = Release\"", "a CA of the same name"},
	{"ca.pem", "forged", "\"CN = Release\", for whom no", "a signer of a CA of the same name"},
	{"ca.pem", "below", "\"CN = Below\"", "one that a signer who is no CA vouches for"},
	{"ca.pem", "expired",
	 "\"CN = Expired\", whose certificate (or its issuer's) has expired on",
	 "an expired certificate"},
	{"expired.pem", "expired", "has expired on", "one that is trusted, but has expired"},
	{"ca.pem", "web", "not for signing code", "the certificate of a web server"},
	{"ca.pem", "cipher", "not for signing code", "one whose key is for enciphering only"},
	{"weak.pem", "weak", "too weak", "a key that is too weak"},
	{"ca.pem", "two", "\"CN = Stranger\"", "two signers of whom one is a stranger"},
	{"stranger.pem", "two", "\"CN = Release\"", "whichever of them is first"},
	{"ca.pem", "sha1", "sign it with -md sha256", "a digest that is too weak"},
	{"ca.pem", "attached", "content of its own", "a signature with a content"},
	{"ca.pem", "nobody", "nobody has signed", "a signature without signers"},
	{"ca.pem", "encrypted", "that is none", "another kind of CMS"},
	{"ca.pem", "cut", "that is none", "half a signature"},
	{"ca.pem", "nonsense", "that is none", "no signature"},
	{"ca.pem", "empty", "that is none", "an empty file"},
	{"", "release", "no certificate in", "an empty directory"},
	{"ca.key", "release", "no certificate in", "a file of another name"},
	{"nonsense.pem", "release", "(nonsense.pem has none", "no certificate in a file"},
};

static char *read_file(const struct test_tree *tree, const char *name, size_t *ret_length)
{
	_cleanup_(closep) int fd = open(test_tree_path(tree, name), O_RDONLY);
	char *text = NULL;

	return fd >= 0 && read_text(fd, 1 << 20, &text, ret_length) == 0 ? text : NULL;
}

/* Puts files into trusted.d; those from certificates of other names too. */
static void trust(const struct test_tree *tree, const char *names)
{
	char command[2048];

	snprintf(
		command, sizeof(command),
		"cd %s && rm -rf trusted.d && mkdir trusted.d && echo nonsense >nonsense.pem && cp "
		"-f release.pem release.crt && cp -f release.der release.der.crt && for f in %s; "
		"do "
		"cp $f trusted.d/; done",
		tree->root, names);
	if (system(command) != 0)
		abort();
}

static int verify(const struct test_tree *tree, const char *signature, const char *data,
		  char **ret_signer, char **ret_why)
{
	_cleanup_(freep) char *text = NULL, *trusted = strdup(test_tree_path(tree, "/trusted.d"));
	char name[64];
	size_t length = 0;

	snprintf(name, sizeof(name), "/%s.p7s", signature);
	text = read_file(tree, name, &length);
	*ret_signer = *ret_why = NULL;
	return signature_module_verify(trusted,
				       &(struct signed_bytes){data, strlen(data), text, length},
				       ret_signer, ret_why);
}

static void test_cases(struct tap *tap, const struct test_tree *tree)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(freep) char *signer = NULL, *why = NULL, *altered = NULL;
		int r;

		trust(tree, cases[i].trusted);
		r = verify(tree, cases[i].signature, "the image", &signer, &why);
		if (cases[i].text) {
			tap_ok(tap, r == -EINVAL && !signer && why && strstr(why, cases[i].text),
			       "%s: %s", cases[i].what, why);
			continue;
		}
		tap_ok(tap, r == 0 && signer && !why, "%s: %s (%s)", cases[i].what, signer, why);
		r = verify(tree, cases[i].signature, "the Image", &altered, &why);
		tap_ok(tap, r == -EINVAL && !altered && why && strstr(why, "has been altered"),
		       "%s, of other bytes", cases[i].what);
	}
}

/* Who could write a certificate could have anything run. */
static void test_owners(struct tap *tap, const struct test_tree *tree)
{
	static const mode_t modes[] = {0664, 0646};
	_cleanup_(freep) char *signer = NULL, *other_why = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		_cleanup_(freep) char *why = NULL;

		trust(tree, "ca.pem");
		chmod(test_tree_path(tree, "/trusted.d/ca.pem"), modes[i]);
		tap_ok(tap,
		       verify(tree, "release", "the image", &signer, &why) == -EINVAL &&
			       strstr(why, "can be written by others than root"),
		       "a certificate of mode %o vouches for nobody", modes[i]);
	}
	trust(tree, "ca.pem");
	if (chown(test_tree_path(tree, "/trusted.d/ca.pem"), 1, 1) < 0) {
		tap_skip(tap, "a certificate of somebody else", "needs root");
		return;
	}
	tap_ok(tap, verify(tree, "release", "the image", &signer, &other_why) == -EINVAL,
	       "nor does one of somebody else's");
}

/* As the daemon asks: by the module, for the images of a description. */
static void test_contents(struct tap *tap, const struct test_tree *tree)
{
	static const char here[] = "/usr/lib/cellmgr/images/a.bin";
	_cleanup_(description_freep) struct description *d =
		describe(tap, "a", "{\"cpus\": [1], \"memory\": \"1M\", \"image\": \"a.bin\"}");
	_cleanup_(problems_done) struct problems good = {0}, missing = {0}, bad = {0};
	char command[2048];

	test_tree_write(tree, here, "the image");
	test_tree_path(tree, "/etc/cellmgr/trusted.d/x");
	check_contents(&(struct check_reading){.root = tree->root, .signatures = true}, d,
		       &missing);
	snprintf(command, sizeof(command),
		 "cd %s && cp ca.pem etc/cellmgr/trusted.d/ && cp release.p7s .%s.p7s", tree->root,
		 here);
	tap_ok(tap, system(command) == 0, "a signature is put beside an image");
	check_contents(&(struct check_reading){.root = tree->root, .signatures = true}, d, &good);
	note_problems(tap, &good);
	tap_ok(tap, good.count == 0, "the image is what was signed");
	test_tree_write(tree, here, "another image");
	check_contents(&(struct check_reading){.root = tree->root, .signatures = true}, d, &bad);
	tap_ok(tap, has_problem(&bad, SEVERITY_ERROR, "image", "a.bin does not fit its signature"),
	       "another one is not");
	tap_ok(tap, check_has_demands(true, d) && !check_has_demands(false, d),
	       "without a demand nothing is read");
}

int main(void)
{
	struct test_tree tree;
	struct tap tap = {0};
	char command[8192];

	test_tree_make(&tree);
	snprintf(command, sizeof(command), make_all, tree.root);
	test_tree_write(&tree, "/make", command);
	snprintf(command, sizeof(command), "bash %s || { cat %s/log; false; }",
		 test_tree_path(&tree, "/make"), tree.root);
	if (tap_ok(&tap, system(command) == 0, "certificates and signatures are made")) {
		test_cases(&tap, &tree);
		test_owners(&tap, &tree);
		test_contents(&tap, &tree);
	}
	test_tree_done(&tree);
	return tap_done(&tap);
}
