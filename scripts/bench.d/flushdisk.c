/* A disk whose flush takes a millisecond: one file, "disk", served through FUSE from IMAGE.
 *
 *   flushdisk IMAGE MOUNTPOINT
 *
 * Put a loop device on MOUNTPOINT/disk: its flushes arrive here as fsync. Reads and writes
 * go on while a flush waits, as on a disk with a queue; flushes wait one after the other.
 */
#define _GNU_SOURCE
#define FUSE_USE_VERSION 31
#include <errno.h>
#include <fcntl.h>
#include <fuse.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static int image;
static pthread_mutex_t flushing = PTHREAD_MUTEX_INITIALIZER;

static void *ready(struct fuse_conn_info *conn, struct fuse_config *config)
{
	(void)conn;
	config->kernel_cache = 1;
	config->attr_timeout = config->entry_timeout = 1e6;
	return NULL;
}

static int attributes(const char *path, struct stat *st, struct fuse_file_info *file)
{
	(void)file;
	if (fstat(image, st))
		return -errno;
	if (!strcmp(path, "/"))
		st->st_mode = S_IFDIR | 0700, st->st_nlink = 2;
	else if (strcmp(path, "/disk"))
		return -ENOENT;
	return 0;
}

static int read_at(const char *path, char *to, size_t size, off_t at, struct fuse_file_info *file)
{
	(void)path, (void)file;
	ssize_t n = pread(image, to, size, at);
	return n < 0 ? -errno : (int)n;
}

static int write_at(const char *path, const char *from, size_t size, off_t at,
		    struct fuse_file_info *file)
{
	(void)path, (void)file;
	ssize_t n = pwrite(image, from, size, at);
	return n < 0 ? -errno : (int)n;
}

static int flush(const char *path, int data_only, struct fuse_file_info *file)
{
	struct timespec until;

	(void)path, (void)data_only, (void)file;
	prctl(PR_SET_TIMERSLACK, 1);
	pthread_mutex_lock(&flushing);
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += 1000000;
	if (until.tv_nsec >= 1000000000)
		until.tv_sec++, until.tv_nsec -= 1000000000;
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR)
		;
	pthread_mutex_unlock(&flushing);
	return 0;
}

static const struct fuse_operations operations = {
	.init = ready,
	.getattr = attributes,
	.read = read_at,
	.write = write_at,
	.fsync = flush,
};

int main(int argc, char **argv)
{
	if (argc != 3 || (image = open(argv[1], O_RDWR)) < 0) {
		perror("flushdisk IMAGE MOUNTPOINT");
		return 2;
	}
	char *args[] = { argv[0], argv[2], NULL };
	return fuse_main(2, args, &operations, NULL);
}
