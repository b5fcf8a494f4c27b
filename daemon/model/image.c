// SPDX-License-Identifier: GPL-2.0-only
#include "model/image.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "util/write_text.h"

#define COPY_BLOCK (256u << 10)

/* Copies until the end of the file. Sets *ret_size to what there was, at most limit + 1. */
static int copy_bytes(int from, int to, uint64_t limit, uint64_t *ret_size)
{
	_cleanup_(freep) char *block = NULL;
	uint64_t size = 0;
	int r;

	block = malloc(COPY_BLOCK);
	if (!block)
		return -ENOMEM;
	while (size <= limit) {
		ssize_t length = pread(from, block, COPY_BLOCK, (off_t)size);

		/* A signal is the end of our patience with a file that does not give its bytes. */
		if (length < 0)
			return -errno;
		if (length == 0)
			break;
		r = write_all(to, block, (size_t)length);
		if (r < 0)
			return r;
		size += (uint64_t)length;
	}
	*ret_size = size;
	return 0;
}

static int copy_to_memfd(int fd, uint64_t max_size, int *ret_fd, uint64_t *ret_size)
{
	_cleanup_(closep) int copy = -1;
	uint64_t size = 0;
	int r;

	copy = memfd_create("cellmgr-image", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (copy < 0)
		return -errno;
	r = copy_bytes(fd, copy, max_size, &size);
	if (r < 0)
		return r;
	if (size > max_size)
		return -EFBIG;
	if (fcntl(copy, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) < 0)
		return -errno;
	*ret_fd = copy;
	copy = -1;
	*ret_size = size;
	return 0;
}

int image_copy(int fd, const char *name, uint64_t address, uint64_t max_size, struct error *error,
	       struct image **ret)
{
	_cleanup_(image_freep) struct image *image = NULL;
	_cleanup_(closep) int copy = -1;
	struct stat status;
	uint64_t size = 0;
	void *data;
	int r;

	if (fcntl(fd, F_GETFL) & O_PATH || (fcntl(fd, F_GETFL) & O_ACCMODE) == O_WRONLY)
		return error_set(error, ERROR_INVALID,
				 "%s: image is not open for reading; open it without O_PATH", name);
	if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode))
		return error_set(error, ERROR_INVALID, "%s: image is not a regular file", name);
	r = copy_to_memfd(fd, max_size, &copy, &size);
	if (r == -EFBIG)
		return error_set(error, ERROR_INVALID,
				 "%s: image is larger than the %" PRIu64
				 " bytes of loadable memory at 0x%" PRIx64
				 "; enlarge \"memory\" or load it elsewhere",
				 name, max_size, address);
	if (r < 0)
		return error_set(error, r == -ENOMEM ? ERROR_NO_RESOURCES : ERROR_INVALID,
				 "%s: cannot read the image: %s", name, strerror(-r));
	if (size == 0)
		return error_set(error, ERROR_INVALID, "%s: image is empty", name);
	image = calloc(1, sizeof(*image));
	data = image ? mmap(NULL, size, PROT_READ, MAP_SHARED, copy, 0) : MAP_FAILED;
	if (data == MAP_FAILED)
		return error_set(error, ERROR_NO_RESOURCES, "%s: no memory for the image", name);
	*image = (struct image){.data = data, .size = size, .address = address};
	sha256_of(data, size, image->sha256);
	*ret = TAKE_POINTER(image);
	return 0;
}

void image_free(struct image *image)
{
	if (!image)
		return;
	if (image->data)
		munmap((void *)image->data, image->size);
	free(image);
}

bool image_hash(struct image *const *images, size_t num_images, char ret_text[SHA256_TEXT])
{
	_cleanup_(sha256_freep) struct sha256 *hash = NULL;

	if (num_images == 1) {
		memcpy(ret_text, images[0]->sha256, SHA256_TEXT);
		return true;
	}
	hash = sha256_begin();
	for (size_t i = 0; hash && i < num_images; i++)
		sha256_add(hash, images[i]->data, images[i]->size);
	if (hash)
		sha256_end(hash, ret_text);
	return hash;
}
