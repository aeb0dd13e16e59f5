/* The floor: the bare system calls of one durable claim, and nothing else.
 *
 *   floor DIR init                  make the files
 *   floor DIR append [COUNT]        append to a file that grows (what goals are compared with)
 *   floor DIR prealloc AT [COUNT]   write as record AT into space allocated and written before
 *
 * COUNT claims are made in one process: one flush at a time under the lock.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

enum { RECORD = 300, PREALLOCATED = 16 << 20 };

static char record[RECORD];

static int init(void)
{
	static char page[1 << 16];
	int log = open("log", O_WRONLY | O_CREAT, 0600);
	int lock = open("lock", O_WRONLY | O_CREAT, 0600);
	int space = open("space", O_WRONLY | O_CREAT, 0600);

	memset(page, '\n', sizeof page);
	for (int n = 0; n < PREALLOCATED; n += sizeof page)
		if (write(space, page, sizeof page) != sizeof page)
			return 1;
	return log < 0 || lock < 0 || fsync(space) || fsync(log);
}

static int claim(int log, int lock, off_t at)
{
	if (flock(lock, LOCK_EX))
		return 1;
	ssize_t n = at < 0 ? write(log, record, RECORD) : pwrite(log, record, RECORD, at);
	if (n != RECORD || fdatasync(log))
		return 1;
	return flock(lock, LOCK_UN);
}

int main(int argc, char **argv)
{
	if (argc < 3 || chdir(argv[1]))
		return 2;
	if (!strcmp(argv[2], "init"))
		return init();

	int prealloc = argc > 3 && !strcmp(argv[2], "prealloc");
	long count = argc > 3 + prealloc ? atol(argv[3 + prealloc]) : 1;
	long at = prealloc ? atol(argv[3]) : 0;

	memset(record, 'x', RECORD - 1);
	record[RECORD - 1] = '\n';
	int log = open(prealloc ? "space" : "log", prealloc ? O_WRONLY : O_WRONLY | O_APPEND);
	int lock = open("lock", O_WRONLY);
	if (log < 0 || lock < 0)
		return 1;
	for (; count > 0; count--, at++)
		if (claim(log, lock, prealloc ? at % (PREALLOCATED / RECORD) * RECORD : -1))
			return 1;
	return 0;
}
