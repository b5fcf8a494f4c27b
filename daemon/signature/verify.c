// SPDX-License-Identifier: GPL-2.0-only
#include "util/signature.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

/* First, so that cms.h declares what reads PEM. */
#include <openssl/pem.h>

#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "common/array.h"
#include "common/cleanup.h"
#include "util/read_text.h"

#define CERTIFICATE_FILE_MAX (1u << 20)

/* RSA of 2048 bits and more, no SHA-1. */
#define AUTH_LEVEL 2

#define DEFINE_CRYPTO_FREEP(type, name, release) \
	static void name(type *object)           \
	{                                        \
		release(*object);                \
	}
DEFINE_CRYPTO_FREEP(BIO *, bio_freep, BIO_free)
DEFINE_CRYPTO_FREEP(CMS_ContentInfo *, cms_freep, CMS_ContentInfo_free)
DEFINE_CRYPTO_FREEP(X509_STORE *, store_freep, X509_STORE_free)
DEFINE_CRYPTO_FREEP(X509_STORE_CTX *, context_freep, X509_STORE_CTX_free)

/* A list of certificates of our own. */
static void certificates_freep(struct stack_st_X509 **stack)
{
	sk_X509_pop_free(*stack, X509_free);
}

/* What is wrong, for people. For return. */
__attribute__((format(printf, 2, 3))) static int refuse(char **ret_why, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	*ret_why = text_vformat(format, arguments);
	va_end(arguments);
	return *ret_why ? -EINVAL : -ENOMEM;
}

/* The text that a function of the library prints. To be freed; NULL without memory. */
static char *take_text(BIO *bio)
{
	char *data = NULL;
	long length = BIO_ctrl(bio, BIO_CTRL_INFO, 0, &data);

	return length >= 0 ? strndup(data ?: "", (size_t)length) : NULL;
}

static char *name_of(X509 *certificate)
{
	_cleanup_(bio_freep) BIO *bio = BIO_new(BIO_s_mem());

	/* Escaped: whoever made the certificate may have put anything into it. */
	if (!bio ||
	    X509_NAME_print_ex(bio, X509_get_subject_name(certificate), 0, XN_FLAG_ONELINE) < 0)
		return NULL;
	return take_text(bio);
}

static char *date_of(const ASN1_TIME *time)
{
	_cleanup_(bio_freep) BIO *bio = BIO_new(BIO_s_mem());

	return bio && ASN1_TIME_print(bio, time) ? take_text(bio) : NULL;
}

/* How many certificates a file has. */
static size_t add_certificates(X509_STORE *store, int fd)
{
	_cleanup_(freep) char *text = NULL;
	_cleanup_(bio_freep) BIO *bio = NULL;
	X509 *certificate;
	size_t length, count = 0;

	if (read_text(fd, CERTIFICATE_FILE_MAX, &text, &length) < 0)
		return 0;
	bio = BIO_new_mem_buf(text, (int)length);
	while (bio && (certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL))) {
		count += (size_t)X509_STORE_add_cert(store, certificate);
		X509_free(certificate);
	}
	if (count || !bio)
		return count;
	BIO_ctrl(bio, BIO_CTRL_RESET, 0, NULL);
	certificate = d2i_X509_bio(bio, NULL);
	if (certificate) {
		count = (size_t)X509_STORE_add_cert(store, certificate);
		X509_free(certificate);
	}
	return count;
}

/* Who could write there could have anything run. */
static bool is_trustworthy(int fd)
{
	struct stat status;

	return fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && status.st_uid == 0 &&
	       !(status.st_mode & (S_IWGRP | S_IWOTH));
}

static int read_trusted(const char *directory, X509_STORE *store, char **ret_why)
{
	_cleanup_(closedirp) DIR *dir = opendir(directory);
	_cleanup_(freep) char *useless = NULL;
	const struct dirent *entry;
	size_t count = 0;

	while (dir && (entry = readdir(dir))) {
		const char *suffix = strrchr(entry->d_name, '.');
		_cleanup_(closep) int fd = -1;
		size_t found;

		if (!suffix || (strcmp(suffix, ".pem") != 0 && strcmp(suffix, ".crt") != 0))
			continue;
		fd = openat(dirfd(dir), entry->d_name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
		found = fd >= 0 && is_trustworthy(fd) ? add_certificates(store, fd) : 0;
		count += found;
		if (!found && !useless)
			useless = strdup(entry->d_name);
	}
	if (count)
		return 0;
	return refuse(
		ret_why,
		"is signed, but there is no certificate in %s to know the signer by%s%s%s; put "
		"the signer's or its issuer's there, as NAME.pem",
		directory, useless ? " (" : "", useless ?: "",
		useless ? " has none, or can be written by others than root)" : "");
}

/* Whom a certificate in the directory vouches for, may sign. */
static int check_signer(const char *directory, X509_STORE *store, struct stack_st_X509 *others,
			X509 *signer, char **ret_why)
{
	_cleanup_(context_freep) X509_STORE_CTX *context = X509_STORE_CTX_new();
	_cleanup_(freep) char *name = name_of(signer), *date = NULL;
	const uint32_t purposes = XKU_CODE_SIGN | XKU_SMIME | XKU_ANYEKU;
	X509 *culprit;
	int error;

	if (!context || !name || !X509_STORE_CTX_init(context, store, signer, others))
		return -ENOMEM;
	X509_VERIFY_PARAM_set_auth_level(X509_STORE_CTX_get0_param(context), AUTH_LEVEL);
	if (X509_verify_cert(context) == 1) {
		/* Where it does not say what it is for, it is for everything. */
		if ((X509_get_extended_key_usage(signer) & purposes) &&
		    (X509_get_key_usage(signer) & (KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION)))
			return 0;
		return refuse(
			ret_why,
			"is signed by \"%s\", whose certificate is not for signing code; sign "
			"it with one that is",
			name);
	}
	error = X509_STORE_CTX_get_error(context);
	culprit = X509_STORE_CTX_get_current_cert(context) ?: signer;
	switch (error) {
	case X509_V_ERR_CERT_HAS_EXPIRED:
	case X509_V_ERR_CERT_NOT_YET_VALID:
		date = date_of(error == X509_V_ERR_CERT_HAS_EXPIRED ? X509_get0_notAfter(culprit)
								    : X509_get0_notBefore(culprit));
		return refuse(
			ret_why,
			"is signed by \"%s\", whose certificate (or its issuer's) %s %s; sign "
			"it with one that is valid, or set this machine's clock",
			name,
			error == X509_V_ERR_CERT_HAS_EXPIRED ? "has expired on"
							     : "is not valid before",
			date ?: "?");
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
	case X509_V_ERR_CERT_SIGNATURE_FAILURE:
		return refuse(
			ret_why,
			"is signed by \"%s\", for whom no certificate in %s vouches; put it or "
			"its issuer's there if images of that signer are to run",
			name, directory);
	default:
		return refuse(ret_why,
			      "is signed by \"%s\", whose certificate is not accepted: %s; sign it "
			      "with another one",
			      name, X509_verify_cert_error_string(error));
	}
}

static CMS_ContentInfo *parse_signature(const struct signed_bytes *bytes)
{
	_cleanup_(bio_freep) BIO *bio =
		BIO_new_mem_buf(bytes->signature, (int)bytes->signature_size);
	CMS_ContentInfo *cms = bio ? PEM_read_bio_CMS(bio, NULL, NULL, NULL) : NULL;

	if (cms || !bio)
		return cms;
	BIO_ctrl(bio, BIO_CTRL_RESET, 0, NULL);
	return d2i_CMS_bio(bio, NULL);
}

/* Its form, before anything in it is believed. */
static int check_form(CMS_ContentInfo *cms, char **ret_why)
{
	struct stack_st_CMS_SignerInfo *signers;

	if (!cms || OBJ_obj2nid(CMS_get0_type(cms)) != NID_pkcs7_signed)
		return refuse(ret_why, "has a signature that is none: neither DER nor PEM of CMS "
				       "(PKCS#7); make it with openssl cms -sign -binary");
	if (!CMS_is_detached(cms))
		return refuse(ret_why, "has a signature with a content of its own, which may be "
				       "another one; make a detached one (no -nodetach)");
	signers = CMS_get0_SignerInfos(cms);
	/* Said in words; below there would be nobody to look at. */
	if (sk_CMS_SignerInfo_num(signers) <= 0)
		return refuse(ret_why, "has a signature that nobody has signed; sign it");
	for (int i = 0; i < sk_CMS_SignerInfo_num(signers); i++) {
		const ASN1_OBJECT *digest;
		X509_ALGOR *algorithm;

		CMS_SignerInfo_get0_algs(sk_CMS_SignerInfo_value(signers, i), NULL, NULL,
					 &algorithm, NULL);
		X509_ALGOR_get0(&digest, NULL, NULL, algorithm);
		switch (OBJ_obj2nid(digest)) {
		case NID_sha256:
		case NID_sha384:
		case NID_sha512:
			break;
		default:
			return refuse(ret_why,
				      "has a signature over a digest that is not accepted; "
				      "sign it with -md sha256");
		}
	}
	return 0;
}

static int check_content(CMS_ContentInfo *cms, const struct signed_bytes *bytes, X509_STORE *store,
			 char **ret_why)
{
	_cleanup_(certificates_freep) struct stack_st_X509 *known =
		X509_STORE_get1_all_certs(store);
	_cleanup_(bio_freep) BIO *memory = BIO_new_mem_buf(bytes->data, (int)bytes->size);
	_cleanup_(bio_freep) BIO *data = BIO_new(BIO_f_null());
	int reason;

	if (!memory || !data || !known)
		return -ENOMEM;
	/* Memory by itself the library copies, and loses the copy where a signature is bad. */
	BIO_push(data, memory);
	/* Who has signed is looked at afterwards, by us. */
	if (CMS_verify(cms, known, NULL, data, NULL, CMS_BINARY | CMS_NO_SIGNER_CERT_VERIFY))
		return 0;
	reason = ERR_GET_REASON(ERR_peek_last_error());
	if (reason == CMS_R_SIGNER_CERTIFICATE_NOT_FOUND)
		return refuse(ret_why, "is signed by somebody whose certificate is neither in the "
				       "signature nor known here; sign it without -nocerts");
	return refuse(ret_why, "does not fit its signature: one of the two has been altered; get "
			       "both anew from where they come");
}

static int verify(const char *trusted, const struct signed_bytes *bytes, char **ret_signer,
		  char **ret_why)
{
	_cleanup_(store_freep) X509_STORE *store = X509_STORE_new();
	_cleanup_(cms_freep) CMS_ContentInfo *cms = parse_signature(bytes);
	_cleanup_(certificates_freep) struct stack_st_X509 *others = NULL;
	struct stack_st_X509 *signers;
	int r;

	if (!store)
		return -ENOMEM;
	/* A signer's own certificate vouches as well, whoever has issued it. */
	X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
	r = check_form(cms, ret_why);
	if (r >= 0)
		r = read_trusted(trusted, store, ret_why);
	if (r >= 0)
		r = check_content(cms, bytes, store, ret_why);
	if (r < 0)
		return r;
	others = CMS_get1_certs(cms);
	signers = CMS_get0_signers(cms);
	for (int i = 0; r >= 0 && i < sk_X509_num(signers); i++)
		r = check_signer(trusted, store, others, sk_X509_value(signers, i), ret_why);
	if (r >= 0)
		*ret_signer = name_of(sk_X509_value(signers, 0));
	sk_X509_free(signers);
	return r < 0 ? r : *ret_signer ? 0 : -ENOMEM;
}

int signature_module_verify(const char *trusted, const struct signed_bytes *bytes,
			    char **ret_signer, char **ret_why)
{
	int r;

	if (bytes->size > INT_MAX || bytes->signature_size > SIGNATURE_MAX)
		return refuse(ret_why, "cannot be checked: it or its signature is too large");
	r = verify(trusted, bytes, ret_signer, ret_why);
	ERR_clear_error();
	return r;
}
