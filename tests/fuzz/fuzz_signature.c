// SPDX-License-Identifier: GPL-2.0-only
/*
 * Any bytes as a signature: it is taken or refused with words, and never taken for bytes that were
 * not signed.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/signature.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Of who has signed "the image" in signed.p7s; its key is gone. */
static const char certificate[] =
	"-----BEGIN CERTIFICATE-----\n"
	"MIIBdjCCARugAwIBAgIUI2banU2RxK/ZPiPtYqhivly46ZowCgYIKoZIzj0EAwIw\n"
	"DzENMAsGA1UEAwwERnV6ejAgFw0yNjExMjgxNDI1MTlaGA8yMTI2MTEwNDE0MjUx\n"
	"OVowDzENMAsGA1UEAwwERnV6ejBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABPr4\n"
	"Otyk4EUwkXg2tYsZewQ9PI8ubR7KL1pMD1BusW0i1GWKGMbBUejlcKzcacQIPFSZ\n"
	"lT9l3QkHbLHoGTvEHQujUzBRMB0GA1UdDgQWBBSpucRh9ydZd9cN/xyvlk6UJ/OF\n"
	"KjAfBgNVHSMEGDAWgBSpucRh9ydZd9cN/xyvlk6UJ/OFKjAPBgNVHRMBAf8EBTAD\n"
	"AQH/MAoGCCqGSM49BAMCA0kAMEYCIQC6bpR5vS2Fsrm/KXv5PhRLS43kM8FQJAGH\n"
	"a1xd6XNdAwIhAIloI9LajK/cmDx3AySTYyfgEdOvfToI3edCdx6ZKHGZ\n"
	"-----END CERTIFICATE-----\n";

static char directory[] = "/tmp/fuzz-signature-XXXXXX", file[64];

static void remove_trusted(void)
{
	unlink(file);
	rmdir(directory);
}

static void make_trusted(void)
{
	FILE *stream;

	if (!mkdtemp(directory))
		abort();
	atexit(remove_trusted);
	snprintf(file, sizeof(file), "%s/fuzz.pem", directory);
	stream = fopen(file, "w");
	if (!stream || fputs(certificate, stream) < 0 || fchmod(fileno(stream), 0644) < 0 ||
	    fclose(stream) != 0)
		abort();
}

static int verify(const char *text, const uint8_t *data, size_t size)
{
	const struct signed_bytes bytes = {text, strlen(text), data, size};
	char *signer = NULL, *why = NULL;
	int r = signature_module_verify(directory, &bytes, &signer, &why);

	if ((r == 0) != (signer != NULL) || (r < 0) != (why != NULL) || (why && !*why))
		abort();
	free(signer);
	free(why);
	return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!*file)
		make_trusted();
	verify("the image", data, size);
	if (verify("the Image", data, size) == 0 || verify("", data, size) == 0)
		abort();
	return 0;
}
