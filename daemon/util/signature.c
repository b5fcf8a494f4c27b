// SPDX-License-Identifier: GPL-2.0-only
#include "util/signature.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>

#include "common/cleanup.h"

/* Never unloaded: libcrypto cannot be. */
static signature_function *load(void)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	static signature_function *function;
	signature_function *found;

	pthread_mutex_lock(&lock);
	if (!function) {
		void *module = dlopen(SIGNATURE_MODULE, RTLD_NOW | RTLD_LOCAL);

		if (module)
			function = (signature_function *)dlsym(module, "signature_module_verify");
	}
	found = function;
	pthread_mutex_unlock(&lock);
	return found;
}

int signature_verify(const char *trusted, const struct signed_bytes *bytes, char **ret_signer,
		     char **ret_why)
{
	signature_function *function = load();

	*ret_signer = *ret_why = NULL;
	if (function)
		return function(trusted, bytes, ret_signer, ret_why);
	*ret_why = text_format("has a signature that nothing here can check: %s", dlerror());
	return *ret_why ? -EINVAL : -ENOMEM;
}
