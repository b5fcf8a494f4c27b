// SPDX-License-Identifier: GPL-2.0-only
#include "util/signature.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>

#include "common/cleanup.h"

/* A function of the module, which is never unloaded: libcrypto cannot be. */
static void *find(const char *name)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	static void *module;
	void *function = NULL;

	pthread_mutex_lock(&lock);
	if (!module)
		module = dlopen(SIGNATURE_MODULE, RTLD_NOW | RTLD_LOCAL);
	if (module)
		function = dlsym(module, name);
	pthread_mutex_unlock(&lock);
	return function;
}

int signature_verify(const char *trusted, const struct signed_bytes *bytes, char **ret_signer,
		     char **ret_why)
{
	signature_function *function = (signature_function *)find("signature_module_verify");

	*ret_signer = *ret_why = NULL;
	if (function)
		return function(trusted, bytes, ret_signer, ret_why);
	*ret_why = text_format("has a signature that nothing here can check: %s", dlerror());
	return *ret_why ? -EINVAL : -ENOMEM;
}

int signature_signer(const void *message, size_t size, struct signature_signer *ret)
{
	signature_signer_function *function =
		(signature_signer_function *)find("signature_module_signer");

	return function ? function(message, size, ret) : -ELIBACC;
}
