/* What a simple tool does: everything under one lock, the flush too.
 *
 *   naive DIR init
 *   naive DIR NAME [N]     claim NAME, or N names NAME-0, NAME-1, … in one process
 *
 * The state is a file of 100 lines that is read whole; the name's own line, chosen by a
 * hash, says who has it until when. A truly naive tool would replace the file by rename.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

enum { LINES = 100, LINE = 64, RECORD = 300 };

static int init(void)
{
	int log = open("log", O_WRONLY | O_CREAT, 0600), state = open("state", O_WRONLY | O_CREAT, 0600);

	for (int n = 0; n < LINES; n++)
		if (dprintf(state, "%-*s\n", LINE - 1, "- 0") != LINE)
			return 1;
	return log < 0 || fsync(state) || fsync(log) || open("lock", O_WRONLY | O_CREAT, 0600) < 0;
}

static int claim(int log, int state, int lock, const char *name)
{
	char all[LINES * LINE], line[LINE + 1], record[RECORD + 1];
	unsigned hash = 5381;
	time_t now = time(NULL);

	if (flock(lock, LOCK_EX) || pread(state, all, sizeof all, 0) != sizeof all)
		return 1;
	snprintf(line, sizeof line, "%s ", name);
	for (char *at = all; at < all + sizeof all; at += LINE)
		if (!strncmp(at, line, strlen(line)) && atol(at + strlen(line)) > now)
			return 5;
	for (const char *s = name; *s; s++)
		hash = hash * 33 + (unsigned char)*s;
	snprintf(line, sizeof line, "%s %ld", name, (long)now + 600);
	snprintf(record, sizeof record, "%-*s\n", RECORD - 1, line);
	if (write(log, record, RECORD) != RECORD || fsync(log))
		return 1;
	snprintf(record, sizeof record, "%-*s\n", LINE - 1, line);
	if (pwrite(state, record, LINE, hash % LINES * LINE) != LINE)
		return 1;
	return flock(lock, LOCK_UN);
}

int main(int argc, char **argv)
{
	if (argc < 3 || chdir(argv[1]))
		return 2;
	if (!strcmp(argv[2], "init"))
		return init();

	int log = open("log", O_WRONLY | O_APPEND), state = open("state", O_RDWR), lock = open("lock", O_WRONLY);
	if (log < 0 || state < 0 || lock < 0)
		return 1;
	if (argc == 3)
		return claim(log, state, lock, argv[2]);
	for (long n = 0; n < atol(argv[3]); n++) {
		char name[LINE - 16];
		snprintf(name, sizeof name, "%.20s-%ld", argv[2], n);
		int status = claim(log, state, lock, name);
		if (status)
			return status;
	}
	return 0;
}
