/* Runs a command and writes what it cost to a file, as JSON.
 *
 *   usage FILE PROGRAM [ARGUMENT]…
 *
 * Linux carries the peak memory of whoever called fork over to the new program, so this one is
 * small: what is measured is the program's own.
 */
#include <err.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	if (argc < 3)
		errx(125, "usage FILE PROGRAM [ARGUMENT]...");
	pid_t child = fork();
	if (child < 0)
		err(125, "fork");
	if (!child) {
		execvp(argv[2], argv + 2);
		err(125, "%s", argv[2]);
	}
	int status;
	struct rusage use;
	if (wait4(child, &status, 0, &use) < 0)
		err(125, "wait4");
	FILE *out = fopen(argv[1], "w");
	if (!out)
		err(125, "%s", argv[1]);
	long long us = (use.ru_utime.tv_sec + use.ru_stime.tv_sec) * 1000000LL + use.ru_utime.tv_usec + use.ru_stime.tv_usec;
	fprintf(out, "{\"max_rss_kib\":%ld,\"minor_faults\":%ld,\"cpu_us\":%lld}\n", use.ru_maxrss, use.ru_minflt, us);
	fclose(out);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
