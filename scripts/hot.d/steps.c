/* steps FILE COMMAND...: runs COMMAND one instruction at a time, and appends to FILE where each was.
 *
 * For a program at a fixed address. Every address is written once, as nm writes it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ADDRESSES = 1 << 26 };

static char seen[ADDRESSES];

int main(int argc, char **argv)
{
	int status;
	struct user_regs_struct at;
	FILE *file = argc > 2 ? fopen(argv[1], "a") : NULL;

	if (!file)
		return 2;
	pid_t child = fork();
	if (!child) {
		ptrace(PTRACE_TRACEME, 0, 0, 0);
		execv(argv[2], argv + 2);
		_exit(127);
	}
	while (waitpid(child, &status, 0) == child && WIFSTOPPED(status)) {
		if (ptrace(PTRACE_GETREGS, child, 0, &at))
			return 1;
		if (at.rip < ADDRESSES && !seen[at.rip]) {
			seen[at.rip] = 1;
			fprintf(file, "%016llx\n", at.rip);
		}
		ptrace(PTRACE_SINGLESTEP, child, 0, 0);
	}
	return fclose(file) || !WIFEXITED(status) ? 1 : WEXITSTATUS(status);
}
